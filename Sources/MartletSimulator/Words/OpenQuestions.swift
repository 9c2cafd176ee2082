// Which key a question under way was about: answers name none. Bounded: the oldest is forgotten,
// and its answer told without a key.
internal import DequeModule
internal import MartletBase

/// The last questions that were not answered yet, with their keys.
struct OpenQuestions {
    /// What a question is known by: who asked, in what, and its number.
    struct Name: Hashable {
        /// Numbers of operations, and of rounds in which roots are compared, are two sequences.
        enum Sequence { case operation, round }

        let node: Int
        let sequence: Sequence
        let number: UInt64
    }

    /// The most questions that are remembered.
    static let limit = 65_536

    private var keys: [Name: Bytes] = [:]
    private var order: Deque<Name> = []

    /// How many are remembered.
    var count: Int { order.count }

    /// Takes in a question about `key`.
    mutating func ask(_ name: Name, about key: Bytes) {
        guard keys.updateValue(key, forKey: name) == nil else { return }
        order.append(name)
        if order.count > Self.limit, let oldest = order.popFirst() { keys[oldest] = nil }
    }

    /// What a question was about; it may be answered more than once.
    func key(of name: Name) -> Bytes? { keys[name] }
}
