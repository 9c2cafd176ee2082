// What is wrong with a scenario file, where, and what may have been meant.

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

/// The one of `candidates` that `word` was probably meant to be; nil when none is near.
func nearest(to word: String, among candidates: [String]) -> String? {
    var best: (distance: Int, candidate: String)?
    for candidate in candidates {
        let distance = editDistance(Array(word), Array(candidate))
        if distance < best?.distance ?? .max { best = (distance, candidate) }
    }
    guard let best, best.distance <= max(2, word.count / 3) else { return nil }
    return best.candidate
}

/// Levenshtein's distance, row by row.
private func editDistance(_ left: [Character], _ right: [Character]) -> Int {
    var row = Array(0...right.count)
    for (leftIndex, leftCharacter) in left.enumerated() {
        var diagonal = row[0]
        row[0] = leftIndex + 1
        for (rightIndex, rightCharacter) in right.enumerated() {
            let substituted = diagonal + (leftCharacter == rightCharacter ? 0 : 1)
            diagonal = row[rightIndex + 1]
            row[rightIndex + 1] = min(substituted, diagonal + 1, row[rightIndex] + 1)
        }
    }
    return row[right.count]
}
