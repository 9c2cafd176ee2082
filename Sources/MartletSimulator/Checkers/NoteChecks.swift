// What a node tells its operator is so, and it is told when it is so: the simulated cluster gives
// no cause for a complaint about names, identities or rings, and a storage that refuses says so
// once, and once more when it takes what it refused.
internal import MartletBase
internal import MartletNode
internal import MartletStorage

/// What a node's operator knows by its notes.
struct NotesHeard {
    /// Whether the storage refuses writes, and clients' values.
    private(set) var isRefusing = false
    private(set) var isShortOfSpace = false

    mutating func hear(_ note: NodeNote) {
        switch note {
        case .storageRefuses(let refusal): isRefusing = refusal != nil
        case .valuesRefused(let refusal): isShortOfSpace = refusal != nil
        default: break
        }
    }
}

/// Checks a note as it is made.
struct ComplaintCheck {
    let node: Int
    let note: NodeNote
    /// Whether some node has changed its address: what is heard of the old one may look like a
    /// second node of that name.
    let hasMoved: Bool

    func run() -> Finding? {
        switch note {
        case .conflict(let text) where !hasMoved: finding("that \(text)")
        case .nameTaken(let owner): finding("that \(owner) has its name")
        default: nil
        }
    }

    private func finding(_ text: String) -> Finding {
        Finding(.operatorsTold, "node \(node + 1) complains without a cause: \(text)")
    }
}

/// Checks that an operator knows how the storage is, after an event that came from it.
struct StorageNotesCheck {
    let node: Int
    let heard: NotesHeard
    /// Why writes are refused. That the node is behind with its work may follow from the turn's own
    /// last writes: it is told with the next.
    let refusal: WriteRefusal?
    let isShortOfSpace: Bool

    func run() -> Finding? {
        if heard.isRefusing != (refusal != nil) {
            if case .behind? = refusal { return nil }
            return finding("writes", refusal != nil)
        }
        return heard.isShortOfSpace != isShortOfSpace ? finding("values", isShortOfSpace) : nil
    }

    private func finding(_ what: String, _ refuses: Bool) -> Finding {
        let (does, told) = refuses ? ("refuses", "takes") : ("takes", "refuses")
        return Finding(
            .operatorsTold,
            "node \(node + 1) \(does) \(what), and has last told that it \(told) them")
    }
}
