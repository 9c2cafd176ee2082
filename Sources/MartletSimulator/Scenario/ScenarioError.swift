// What is wrong with a scenario file, where, and what may have been meant.
internal import MartletBase

/// Why a scenario cannot be run.
package struct ScenarioError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file, or the name that it was given.
    package var source: String
    /// Counted from 1; nil where no line can be named.
    package var line: Int?
    /// What is wrong, and what to write instead.
    package var problem: String

    /// The same error of a text that begins so many lines further down.
    func movedDown(by lines: Int) -> ScenarioError {
        ScenarioError(source: source, line: line.map { $0 + lines }, problem: problem)
    }

    /// `source:line: problem`.
    package var description: String {
        line.map { "\(source):\($0): \(problem)" } ?? "\(source): \(problem)"
    }
}

/// What stands behind a word that is not known: what it was probably meant to be, or else what
/// there is.
func meant(by word: String, among known: [String], otherwise: String) -> String {
    known.nearest(to: word).map { "did you mean \($0)?" }
        ?? otherwise + known.joined(separator: ", ")
}
