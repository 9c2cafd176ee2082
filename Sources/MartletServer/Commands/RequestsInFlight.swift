// What a connection has asked its node for and not been told yet, in bytes. Answers are counted
// before they are asked for, so that a pipeline of large values runs a few at a time and one of
// small values whole.
internal import MartletBase
internal import MartletVersions
internal import MartletWire

/// The requests of one connection that are not answered.
struct RequestsInFlight {
    /// What one request counts for while it is in flight.
    enum Cost {
        /// A read brings about as much as the largest of the last ones did.
        case read
        /// A write holds these bytes of its client.
        case write(byteCount: Int)

        init(_ request: ClientRequest) {
            switch request.operation {
            case .get: self = .read
            case .put(let mutation, _):
                var byteCount = RequestsInFlight.overheadBytes + request.key.count
                if case .value(let value) = mutation.content { byteCount += value.count }
                self = .write(byteCount: byteCount)
            }
        }
    }

    /// Bytes that a request takes at the node beside its values, about.
    static let overheadBytes = 512
    /// With each answer the estimate falls by this part of what it is above the answer.
    private static let decay = 16

    /// How many requests there are.
    private(set) var count = 0
    private var readCount = 0
    /// Bytes that the writes among them hold: they are there already.
    private(set) var writtenByteCount = 0
    /// Bytes that the next read is expected to bring. Rises to what a larger answer brings at once,
    /// and falls slowly.
    private(set) var readEstimate: Int

    /// No requests, and an estimate until the first answers have come.
    init(firstEstimate: Int) {
        readEstimate = firstEstimate
    }

    /// Whether there are reads among them.
    var hasReads: Bool { readCount > 0 }

    /// Bytes that are held and expected.
    var byteCount: Int { readCount * readEstimate + writtenByteCount }

    /// A request is handed to the node.
    mutating func begin(_ cost: Cost) {
        count += 1
        switch cost {
        case .read: readCount += 1
        case .write(let byteCount): writtenByteCount += byteCount
        }
    }

    /// It was answered with so many bytes of values; nil where it failed, which says nothing about
    /// what the next will bring.
    mutating func end(_ cost: Cost, answerByteCount: Int?) {
        count -= 1
        switch cost {
        case .read:
            readCount -= 1
            guard let answerByteCount else { break }
            let brought = answerByteCount + Self.overheadBytes
            readEstimate = max(brought, readEstimate - (readEstimate - brought) / Self.decay)
        case .write(let byteCount): writtenByteCount -= byteCount
        }
        invariant(readCount >= 0 && writtenByteCount >= 0, "\(self) after an answer too many")
    }
}
