// Frames out of a stream, however the network cut it into reads.
public import MartletBase

/// Cuts a stream into frames, however the network cut it into reads.
public struct FrameDecoder: Sendable {
    /// The largest payload accepted before the hello, so that a stranger cannot fill memory.
    public static let firstPayloadLimit = 4_096

    private var buffer: Bytes = []
    private var consumed = 0
    /// Where the payload ends whose messages are being read; up to `consumed` when none is.
    private var payloadEnd = 0
    private var payloadLimit = Self.firstPayloadLimit

    /// A decoder at the start of a stream, which accepts only small frames as yet.
    public init() {}

    /// From now on frames may be as large as the protocol allows: the other side is known.
    public mutating func trustPeer() {
        payloadLimit = Frame.payloadLimit
    }

    /// Bytes that have arrived and are not yet frames.
    public var unreadByteCount: Int { buffer.count - consumed }

    /// Bytes of memory that what has arrived and is not yet a frame takes. O(1).
    public var heldByteCount: Int { buffer.capacity }

    /// Takes the next bytes of the stream; then call `next` until it has no more.
    public mutating func append(_ bytes: Bytes) {
        if consumed == buffer.count {
            buffer = bytes
        } else {
            buffer.removeFirst(consumed)
            buffer.append(contentsOf: bytes)
        }
        payloadEnd = max(0, payloadEnd - consumed)
        consumed = 0
    }

    /// The next whole frame, or the next message of one; nil while it is not all there. An error is
    /// final for the stream.
    public mutating func next() throws(FormatError) -> Frame? {
        let isFirst = payloadEnd <= consumed
        if isFirst {
            guard try beginPayload() else { return nil }
        }
        var reader = ByteReader(buffer, consumed..<payloadEnd)
        let frame = try Frame(payload: &reader)
        if !isFirst, !frame.isMessage { throw reader.error(.invalid("message kind")) }
        consumed = reader.offset
        return frame
    }

    /// Checks the next frame and moves on to its payload; false while it is not all there.
    private mutating func beginPayload() throws(FormatError) -> Bool {
        guard buffer.count - consumed >= Frame.headerSize else { return false }
        let (length, checksum) = try Frame.readHeader(
            from: buffer, at: consumed, limit: payloadLimit)
        let start = consumed + Frame.headerSize
        guard buffer.count - start >= length else { return false }
        let range = start..<start + length
        guard Checksum.crc32c(buffer, range) == checksum else {
            throw FormatError(.checksumMismatch, at: consumed)
        }
        guard !range.isEmpty else { throw FormatError(.truncated, at: start) }
        (consumed, payloadEnd) = (start, range.upperBound)
        return true
    }
}
