// A run in plain words, one line an event: what the log prints. With a focus only what one key saw
// is told, and the faults around it. It looks on: nothing in the run depends on it, and it holds no
// more than the questions under way.
//
//     Words+Requests   what clients ask and are answered     Words+Messages   what nodes say
//     Words+Exchange   what they compare
internal import MartletBase
internal import MartletRing
internal import MartletStorage
internal import MartletVersions

/// Puts what happens in a run into words.
struct Words {
    /// How much of a value is shown.
    private static let valueLimit = 16

    var names: Names
    /// The key that is told about; nil for all of them.
    let focus: Focus?
    /// The keys of questions, for the words of their answers.
    var questions = OpenQuestions()

    init(names: Names, about focus: Focus?) {
        self.names = names
        self.focus = focus
    }

    /// Whether what happens to `key` is told.
    func tells(_ key: Bytes) -> Bool { focus.map { $0.key == key } ?? true }

    /// What came of writing or syncing a node's log.
    static func logged(_ outcome: LogOutcome) -> String {
        switch outcome {
        case .written: "written"
        case .synced: "synced"
        case .full: "its disk is full"
        case .failed(let error): "\(error)"
        }
    }

    // MARK: What is held

    /// `n1:9 "w47.vvv…" | n3:4 deleted`, with what it knows beyond that; `nothing` when empty.
    func object(_ object: Object) -> String {
        if object.siblingCount == 0 {
            return object.isEmpty ? "nothing" : "nothing, \(knowledge(of: object))"
        }
        let siblings = object.siblings.map { sibling($0) }.joined(separator: " | ")
        return object.context.entries == Context(covering: object.dots).entries
            ? siblings : "\(siblings), \(knowledge(of: object))"
    }

    private func knowledge(of object: Object) -> String {
        "knowing \(names.context(object.context))"
    }

    private func sibling(_ sibling: Sibling) -> String {
        let expiry = sibling.expiry.map { " until \(Names.seconds($0))" } ?? ""
        return "\(names.dot(sibling.dot)) \(content(sibling.content))\(expiry)"
    }

    func content(_ content: Sibling.Content) -> String {
        guard case .value(let value) = content else { return "deleted" }
        guard value.count > Self.valueLimit else { return "\"\(value.text)\"" }
        return "\"\(Bytes(value.prefix(Self.valueLimit)).text)…\""
    }

    /// An entry of a storage, without its partition.
    func entry(_ key: StorageKey) -> String {
        key.home.map { "the hint of \(key.key.text) for \(names.node($0))" } ?? key.key.text
    }

    /// A node has written an entry; nil when that is not told.
    func wrote(_ key: StorageKey, before: Object?, after: Object) -> String? {
        guard tells(key.key) else { return nil }
        let verb = key.home == nil ? "holds" : "keeps"
        let was = before.map { ", before it \(object($0))" } ?? ""
        return "\(verb) \(entry(key)): \(object(after))\(was)"
    }

    /// A node has let an entry go; nil when that is not told.
    func letGo(_ key: StorageKey, holding gone: Object) -> String? {
        guard tells(key.key) else { return nil }
        let verb = key.home == nil ? "removes" : "lets go"
        return "\(verb) \(entry(key)): \(object(gone))"
    }

    /// A node has let go of all that it held of a partition; nil when that is not told.
    func dropped(_ space: StorageKey.Space, _ partition: UInt16) -> String? {
        guard focus.map({ $0.partition == partition }) ?? true else { return nil }
        return "lets go all \(space) of partition \(partition)"
    }

    /// A node that has just started holds what outlived its crash; nil when that is not told.
    func cameBack(with object: Object?) -> String? {
        focus.map { "has of \($0.key.text) \(object.map { self.object($0) } ?? "nothing")" }
    }

    /// What a node holds when all is over; nil when that is not told.
    func final(_ key: StorageKey, _ bytes: Bytes) -> String? {
        guard tells(key.key) else { return nil }
        var reader = ByteReader(bytes)
        let held = try? Object(from: &reader)
        return "is left with \(entry(key))" + (held.map { ": \(object($0))" } ?? "")
    }
}

extension Scenario {
    /// What is to be told about instead of `key`, in a sentence; nil where it is one of the keys.
    package func objection(toKey key: String) -> String? {
        let counts = [
            ("key", workload.keyCount), ("cart", workload.cartCount),
            ("counter", workload.counterCount),
        ]
        let known = counts.filter { $0.1 > 0 }
        if known.contains(where: { word, count in
            Int(key.dropFirst(word.count + 1)).map {
                (0..<count).contains($0) && key == "\(word)-\($0)"
            } ?? false
        }) {
            return nil
        }
        let ranges = known.map { "\($0.0)-0 to \($0.0)-\($0.1 - 1)" }
        return "\(name) has no key \(key): there are \(ranges.joined(separator: ", "))"
    }
}

/// A key that a log is about, and where it lies.
struct Focus {
    let key: Bytes
    let partition: UInt16
    private let hash: UInt64

    init(key: Bytes, partitionCount: Int) {
        self.key = key
        partition = PartitionCount(partitionCount)?.partition(of: Slot(ofKey: key)).index ?? 0
        hash = StorageKey.object(partition: partition, key: key).hash
    }

    /// Whether the key lies below the node at `index` in `depth` of its partition's tree.
    func lies(below index: UInt16, depth: UInt8) -> Bool {
        MerkleTree.leafIndex(of: hash, depth: Int(depth)) == Int(index)
    }
}
