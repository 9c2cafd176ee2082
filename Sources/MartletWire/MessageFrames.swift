// Messages into frames: one header and two checksums for what a turn has for a peer, not for each
// message.
public import MartletBase

/// Messages gathered for one link, as the bytes of frames.
public struct MessageFrames: Sendable {
    /// A payload takes further messages until it holds so many bytes: the receiver reads nothing
    /// of a frame before all of it is there.
    static let payloadTarget = 64 << 10
    /// A message above this is dropped, so that no payload is above `Frame.payloadLimit`.
    static let messageLimit = Frame.payloadLimit - payloadTarget

    /// Room above this many bytes is given back once it was used.
    static let retainedByteLimit = 1 << 20

    private var writer = ByteWriter()
    /// Where the frame begins that takes the next message; nil when that begins one.
    private var start: Int?

    /// No messages.
    public init() {}

    /// How many bytes there are, headers included.
    public var byteCount: Int { writer.count }

    /// Adds a message; false when it is too large, which hostile clients could bring about
    /// together, and is dropped.
    public mutating func append(_ message: PeerMessage) -> Bool {
        let start = start ?? writer.count
        if self.start == nil { writer.writeZeros(Frame.headerSize) }
        let messageStart = writer.count
        message.encode(into: &writer)
        let isDropped = writer.count - messageStart > Self.messageLimit
        if isDropped { writer.truncate(to: messageStart) }
        let payloadCount = writer.count - start - Frame.headerSize
        if payloadCount == 0 { writer.truncate(to: start) }
        self.start = payloadCount == 0 ? nil : start
        if payloadCount >= Self.payloadTarget { endFrame() }
        return !isDropped
    }

    /// Hands all frames over, and keeps the room where that is little.
    ///
    /// - Parameter body: given the bytes, which must not be kept if the room is to be used again.
    public mutating func take<Result>(_ body: (Bytes) -> Result) -> Result {
        endFrame()
        defer { removeAll() }
        return body(writer.bytes)
    }

    /// Forgets all of it.
    public mutating func removeAll() {
        if writer.count > Self.retainedByteLimit { writer = ByteWriter() }
        writer.removeAll()
        start = nil
    }

    private mutating func endFrame() {
        guard let start else { return }
        Frame.writeHeader(at: start, in: &writer)
        self.start = nil
    }
}
