// What is written down of a fill: enough to go on with it after a restart. It never says more than
// is in the log before it.
//
//     state "fill-<partition>" = version:u8 (1)  since:varint  stage:u8  count:varint  pass*
//     stage                    = 0: clearing | 1: filling | 2: filled
//     pass                     = source:u64  through:u8  hash:u64     up to there it is through
internal import MartletBase
internal import MartletRing
internal import MartletStorage

/// The state of one fill as bytes.
struct FillRecord: Hashable {
    enum Stage: UInt8 {
        case clearing = 0
        case filling, filled
    }

    struct Progress: Hashable {
        var source: NodeID
        /// Nil where all is through.
        var hash: UInt64?
    }

    var since: UInt64
    var stage: Stage
    var passes: [Progress]

    private static let version: UInt8 = 1
    private static let passSize = 17

    static func key(_ partition: UInt16) -> StorageKey { .state("fill-\(partition)") }

    /// What is written down of a partition; nil where that is nothing that can be read.
    init?(of partition: UInt16, in engine: StorageEngine) {
        guard case .found(let bytes) = engine.get(Self.key(partition)),
            let record = try? FillRecord(bytes)
        else { return nil }
        self = record
    }

    init(since: UInt64, stage: Stage, passes: [Progress]) {
        self.since = since
        self.stage = stage
        self.passes = passes
    }

    /// The record of the same fill, where nothing is through.
    var begun: FillRecord {
        FillRecord(since: since, stage: stage == .clearing ? .clearing : .filling, passes: [])
    }

    var bytes: Bytes {
        var writer = ByteWriter()
        writer.write(Self.version)
        writer.writeVarint(since)
        writer.write(stage.rawValue)
        writer.writeCount(passes.count)
        for pass in passes {
            writer.write(pass.source.rawValue)
            writer.write(pass.hash == nil)
            writer.write(pass.hash ?? 0)
        }
        return writer.take()
    }

    init(_ bytes: Bytes) throws(FormatError) {
        var reader = ByteReader(bytes)
        let version = try reader.readUInt8()
        guard version == Self.version else { throw reader.error(.unsupportedVersion(version)) }
        since = try reader.readVarint()
        guard let stage = Stage(rawValue: try reader.readUInt8()) else {
            throw reader.error(.invalid("stage of a fill"))
        }
        self.stage = stage
        passes = []
        for _ in 0..<(try reader.readCount(minimumSize: Self.passSize)) {
            let source = NodeID(rawValue: try reader.readUInt64())
            let isThrough = try reader.readFlag()
            let hash = try reader.readUInt64()
            passes.append(Progress(source: source, hash: isThrough ? nil : hash))
        }
        try reader.expectEnd()
    }
}
