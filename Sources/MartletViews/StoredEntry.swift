// Entries of a stopped node's storage, decoded as far as they read back: objects, hints, marks and
// the node's own state.
package import MartletBase
package import MartletStorage

internal import MartletAntiEntropy
internal import MartletHandover
internal import MartletNode
internal import MartletReplication
internal import MartletRing
internal import MartletVersions

/// One entry.
package struct StoredEntry: Hashable, Sendable {
    /// One version of a key.
    package struct Version: Hashable, Sendable {
        /// Its name: `node/incarnation:counter`.
        package var dot: String
        /// When it was written, in milliseconds since 1970.
        package var writtenAtMilliseconds: UInt64
        /// How many came before it within that millisecond.
        package var logical: UInt16
        /// When it expires, in milliseconds since 1970; nil for never.
        package var expiresAtMilliseconds: UInt64?
        /// The value; nil for a tombstone.
        package var value: Bytes?
    }

    /// What an entry says.
    package enum Content: Hashable, Sendable {
        /// An object: what of its key is known, and its siblings by dot.
        case object(context: String, versions: [Version])
        /// A hint by reference: the object is this node's own.
        case mark
        /// One of the node's own entries, by field.
        case state([Field])
        /// A note that an object may be removed, by field.
        case removable([Field])
        /// A partition's Merkle tree, by field; none where it is unknown until it is built.
        case tree([Field])
        /// None that this build reads, and why.
        case unreadable(String)
    }

    /// A part of a state entry or of a tree.
    package struct Field: Hashable, Sendable {
        /// What it is.
        package var name: String
        /// What it says.
        package var value: String
    }

    /// `objects`, `hints`, `removable`, `trees` or `state`.
    package var space: String
    /// The partition.
    package var partition: UInt16
    /// The key, or the name of a state entry.
    package var key: Bytes
    /// The node that a hint is for; nil in the other spaces.
    package var home: String?
    /// What it says.
    package var content: Content
    /// What it takes in the storage, in bytes.
    package var byteCount: Int
}

extension StoredEntry {
    /// What `key` and `value` say.
    package init(_ key: StorageKey, _ value: Bytes) {
        space = "\(key.space)"
        partition = key.partition
        self.key = key.key
        home = key.home?.description
        byteCount = value.count
        do throws(FormatError) {
            content = try Self.content(key, value)
        } catch {
            content = .unreadable(error.description)
        }
    }

    private static func content(
        _ key: StorageKey, _ value: Bytes
    ) throws(FormatError) -> Content {
        if key.space == .state {
            guard let entry = try StateEntry(name: key.key, value: value) else {
                return .unreadable("a name that this build does not know")
            }
            return .state(fields(entry))
        }
        if key.space == .trees { return .tree(fields(try StoredTree(decoding: value))) }
        if key.space == .removable {
            guard let note = Removable(value) else { return .unreadable("not a note of an object") }
            return .removable(fields(note))
        }
        if key.space == .hints, HintMark.isMark(value) { return .mark }
        var reader = ByteReader(value)
        let object = try Object(from: &reader)
        try reader.expectEnd()
        return .object(
            context: object.context.description, versions: object.siblings.map { Version($0) })
    }

    private static func fields(_ note: Removable) -> [Field] {
        [
            Field(name: "absent from", value: "\(note.from.milliseconds) ms since 1970"),
            Field(name: "horizon", value: text(of: note.horizon)),
        ]
    }

    private static func fields(_ stored: StoredTree) -> [Field] {
        guard let tree = stored.tree else { return [] }
        return [
            Field(name: "objects", value: "\(tree.count)"),
            Field(name: "with_value", value: "\(tree.heldCount)"),
            Field(name: "leaves", value: "\(1 << tree.depth)"),
            Field(name: "root", value: String(tree.root, radix: 16)),
        ]
    }

    private static func fields(_ entry: StateEntry) -> [Field] {
        switch entry {
        case .identity(let identity):
            [
                Field(name: "node", value: identity.id.description),
                Field(name: "cluster", value: identity.clusterName),
                Field(name: "name", value: identity.name),
            ]
        case .actor(let name, let incarnation, let counter):
            (name.map { [Field(name: "name", value: $0.description)] } ?? []) + [
                Field(name: "incarnation", value: "\(incarnation)"),
                Field(
                    name: "counter",
                    value: counter.map { "\($0)" } ?? "not known: not stopped cleanly"),
            ]
        case .shard(let shard):
            [
                Field(name: "shard", value: "\(shard.index)"),
                Field(name: "of", value: "\(shard.count)"),
            ]
        case .topology(let topology):
            [
                Field(name: "cluster", value: topology.clusterName),
                Field(name: "epoch", value: "\(topology.epoch)"),
                Field(name: "members", value: "\(topology.members.count)"),
                Field(name: "partitions", value: "\(topology.partitionCount.value)"),
                Field(name: "replicas", value: "\(topology.replicaCount)"),
                Field(
                    name: "digest",
                    value: NodeID(rawValue: topology.digest).description),
            ]
        case .vote(let epoch, let round, let accepted):
            [
                Field(name: "after epoch", value: "\(epoch)"),
                Field(name: "round", value: "\(round)"),
                Field(
                    name: "accepted",
                    value: accepted.map { NodeID(rawValue: $0).description } ?? "none"),
            ]
        case .fill(let entry):
            [
                Field(name: "partition", value: "\(entry.partition)"),
                Field(name: "since epoch", value: "\(entry.since)"),
                Field(name: "stage", value: entry.stage.rawValue),
                Field(name: "homes through", value: "\(entry.throughCount)"),
            ]
        case .settling(let entry): fields(entry)
        }
    }

    private static func fields(_ entry: SettlingEntry) -> [Field] {
        switch entry {
        case .floor(let floor): [Field(name: "floor", value: text(of: floor))]
        case .watermark(let partition, let watermark):
            [
                Field(name: "partition", value: "\(partition)"),
                Field(name: "watermark", value: text(of: watermark)),
            ]
        case .doubts(let partitions):
            [
                Field(name: "doubted", value: "\(partitions.count)"),
                Field(
                    name: "partitions",
                    value: partitions.map { "\($0)" }.joined(separator: " ")),
            ]
        case .lostDisk: [Field(name: "disk", value: "lost; doubts follow with the ring")]
        }
    }

    private static func text(of time: HybridTimestamp) -> String {
        "\(time.wall.milliseconds) ms since 1970, +\(UInt16(truncatingIfNeeded: time.bits))"
    }
}

extension StoredEntry.Version {
    fileprivate init(_ sibling: Sibling) {
        dot = sibling.dot.description
        writtenAtMilliseconds = sibling.timestamp.wall.milliseconds
        logical = UInt16(truncatingIfNeeded: sibling.timestamp.bits)
        expiresAtMilliseconds = sibling.expiry?.milliseconds
        value =
            switch sibling.content {
            case .value(let bytes): bytes
            case .tombstone: nil
            }
    }
}
