// What a word that is not known was probably meant to be.

extension [String] {
    /// The first of those that the fewest typing mistakes turn into `word`, where they are few:
    /// two, or one in three characters. O(count · length²).
    public func nearest(to word: String) -> String? {
        let best = map { ($0, editDistance(word, $0)) }.min { $0.1 < $1.1 }
        guard let best, best.1 <= Swift.max(2, word.count / 3) else { return nil }
        return best.0
    }
}

/// How many characters must be put in, taken out or replaced to turn one word into the other
/// (Levenshtein), row by row.
private func editDistance(_ left: String, _ right: String) -> Int {
    let right = Array(right)
    var row = Array(0...right.count)
    for (index, character) in left.enumerated() {
        var diagonal = row[0]
        row[0] = index + 1
        for place in right.indices {
            let replaced = diagonal + (right[place] == character ? 0 : 1)
            diagonal = row[place + 1]
            row[place + 1] = min(replaced, row[place] + 1, diagonal + 1)
        }
    }
    return row[right.count]
}
