// Frames: however the stream is cut, the same frames come out; what is no frame is refused before
// it costs memory.
import MartletBase
import MartletWire
import Testing

@Suite("Frames") struct FrameTests {
    private let hello = Frame.hello(
        Hello(
            clusterName: "c", node: NodeID(rawValue: 1), name: "n1", sought: NodeID(rawValue: 2)))

    private func stream(seed: UInt64) -> (frames: [Frame], bytes: Bytes) {
        var sample = Sample(seed: seed)
        var frames = [hello, .begin]
        for kind in 0..<Sample.kindCount { frames.append(.message(sample.message(kind: kind))) }
        var bytes = frames.flatMap(\.encoded)
        var together = MessageFrames()
        for kind in 0..<Sample.kindCount {
            let message = sample.message(kind: kind)
            together.add(message)
            frames.append(.message(message))
        }
        bytes += together.take { $0 }
        frames.append(.refusal("another cluster"))
        return (frames, bytes + Frame.refusal("another cluster").encoded)
    }

    private func put(_ byteCount: Int) -> PeerMessage {
        .replication(
            .get(
                ReplicaGet(
                    operation: OperationID(rawValue: 1), key: Bytes(repeating: 7, count: byteCount),
                    summaryAllowed: true, epoch: 1)))
    }

    @Test("What a turn has for a peer is one frame, or several where it is much")
    func manyMessages() throws {
        var frames = MessageFrames()
        #expect(frames.byteCount == 0)
        for _ in 0..<30 { frames.add(put(100)) }
        let together = frames.take { $0 }
        #expect(together.count == Frame.headerSize + 30 * put(100).encoded.count)
        #expect(try decode([together]) == Array(repeating: .message(put(100)), count: 30))
        #expect(frames.byteCount == 0)
        for size in [40_000, 40_000, 100, 200_000, 1] { frames.add(put(size)) }
        let count = frames.byteCount
        let apart = frames.take { $0 }
        #expect(apart.count == count)
        var decoder = FrameDecoder()
        decoder.trustPeer()
        decoder.append(apart)
        for size in [40_000, 40_000, 100, 200_000, 1] {
            #expect(try decoder.next() == .message(put(size)))
        }
        #expect(try decoder.next() == nil && decoder.unreadByteCount == 0)
        let sizes = [40_000, 40_000, 100, 200_000, 1].map { put($0).encoded.count }
        #expect(apart.count == sizes.reduce(3 * Frame.headerSize, +), "three frames")
    }

    @Test("A message that no frame takes is dropped, and costs the others nothing")
    func droppedMessage() throws {
        for before in [[], [1], [70_000]] {
            var frames = MessageFrames()
            for size in before { frames.add(put(size)) }
            let isTaken = frames.append(put(Frame.payloadLimit))
            #expect(!isTaken)
            frames.add(put(2))
            var decoder = FrameDecoder()
            decoder.trustPeer()
            decoder.append(frames.take { $0 })
            for size in before + [2] { #expect(try decoder.next() == .message(put(size))) }
            #expect(try decoder.next() == nil && decoder.unreadByteCount == 0)
        }
    }

    @Test("Nothing but messages shares a frame")
    func sharedFrames() {
        let message = put(1).encoded
        let hello = Bytes(hello.encoded[Frame.headerSize...])
        for rest in [[2], [1, 0], hello, [15]] as [Bytes] {
            #expect(throws: FormatError.self) { _ = try decode([framed(message + rest)]) }
            #expect(throws: FormatError.self) { _ = try decode([framed(rest + message)]) }
        }
    }

    private func decode(_ pieces: [Bytes]) throws -> [Frame] {
        var decoder = FrameDecoder()
        var frames: [Frame] = []
        for piece in pieces {
            decoder.append(piece)
            while let frame = try decoder.next() { frames.append(frame) }
        }
        return frames
    }

    @Test("A stream cut at any one place gives the same frames")
    func everySplit() throws {
        let (frames, bytes) = stream(seed: 1)
        for cut in 0...bytes.count {
            #expect(try decode([Bytes(bytes[..<cut]), Bytes(bytes[cut...])]) == frames)
        }
    }

    @Test("A stream that comes byte by byte gives the same frames")
    func byteByByte() throws {
        let (frames, bytes) = stream(seed: 2)
        #expect(try decode(bytes.map { [$0] }) == frames)
    }

    @Test("A stream in random pieces gives the same frames", arguments: 3..<20 as Range<UInt64>)
    func randomPieces(seed: UInt64) throws {
        let (frames, bytes) = stream(seed: seed)
        var random = SeededRandom(seed: seed)
        var pieces: [Bytes] = []
        var at = 0
        while at < bytes.count {
            let end = min(bytes.count, at + 1 + random.below(200))
            pieces.append(Bytes(bytes[at..<end]))
            at = end
        }
        #expect(try decode(pieces) == frames)
    }

    /// A length that says too much must not be waited for: the link would be silent until then.
    @Test("Any flipped bit is noticed at once, in the length too")
    func flippedBits() {
        let bytes = hello.encoded
        for bit in 0..<bytes.count * 8 {
            var bent = bytes
            bent[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect {
                _ = try decode([bent])
            } throws: {
                let reason = ($0 as? FormatError)?.reason
                return reason == .checksumMismatch || bit < 32 && reason == .tooLarge("frame")
            }
        }
    }

    @Test("A header is believed only whole, and then only with its checksum")
    func headers() throws {
        let bytes = hello.encoded
        for size in 0..<Frame.headerSize {
            #expect(try decode([Bytes(bytes[..<size])]) == [])
        }
        let zeros = Bytes(repeating: 0, count: Frame.headerSize)
        #expect(throws: FormatError(.checksumMismatch, at: 0)) { try decode([zeros]) }
    }

    @Test("A stranger's frame is refused by its length alone; a known peer's may be larger")
    func sizes() throws {
        func header(_ length: Int) -> Bytes {
            var writer = ByteWriter()
            writer.write(UInt32(length))
            writer.write(UInt32(0))
            writer.write(Checksum.crc32c(writer.bytes))
            return writer.take()
        }
        var decoder = FrameDecoder()
        decoder.append(header(FrameDecoder.firstPayloadLimit))
        #expect(try decoder.next() == nil)
        var stranger = FrameDecoder()
        stranger.append(header(FrameDecoder.firstPayloadLimit + 1))
        #expect(throws: FormatError(.tooLarge("frame"), at: 0)) { try stranger.next() }
        var peer = FrameDecoder()
        peer.trustPeer()
        peer.append(header(Frame.payloadLimit))
        #expect(try peer.next() == nil)
        #expect(peer.heldByteCount < 1_000, "an announcement costs nothing")
        peer.append(Bytes(repeating: 0, count: 100_000))
        #expect(try peer.next() == nil)
        #expect(peer.heldByteCount >= 100_000)
        var liar = FrameDecoder()
        liar.trustPeer()
        liar.append(header(Frame.payloadLimit + 1))
        #expect(throws: FormatError(.tooLarge("frame"), at: 0)) { try liar.next() }
    }

    @Test("A frame above the limit is not written, and leaves what stood before it")
    func tooLargeToWrite() throws {
        var writer = ByteWriter()
        #expect(hello.encode(into: &writer))
        let before = writer.bytes
        let large = Frame.refusal(String(repeating: "x", count: 100))
        #expect(!large.encode(into: &writer, limit: 100))
        #expect(writer.bytes == before)
        #expect(large.encode(into: &writer, limit: 200))
        #expect(try decode([writer.bytes]) == [hello, large])
    }

    @Test("Another protocol and another version of this one are told apart")
    func wrongHello() {
        func bent(_ offset: Int, _ byte: UInt8) -> Bytes {
            var bytes = hello.encoded
            bytes[Frame.headerSize + offset] = byte
            return framed(Bytes(bytes[Frame.headerSize...]))
        }
        #expect {
            _ = try decode([bent(1, UInt8(ascii: "X"))])
        } throws: {
            ($0 as? FormatError)?.reason == .invalid("magic: not a Martlet peer")
        }
        #expect {
            _ = try decode([bent(5, 9)])
        } throws: {
            ($0 as? FormatError)?.reason == .unsupportedVersion(9)
        }
        let last = hello.encoded.count - Frame.headerSize - 1
        let wrong: [(Int, UInt8)] = [(last, 64), (last - 1, 0), (last - 1, 65), (last - 2, 1)]
        for (offset, byte) in wrong {
            #expect {
                _ = try decode([bent(offset, byte)])
            } throws: {
                ($0 as? FormatError)?.reason == .invalid("shard")
            }
        }
    }

    @Test("A frame without payload, or with something behind it, is refused")
    func badPayloads() {
        let payload = Bytes(hello.encoded[Frame.headerSize...])
        for bad in [[], payload + [0], Bytes(payload.dropLast()), [1, 5, 0x61], [2, 0]] as [Bytes] {
            #expect(throws: FormatError.self) { _ = try decode([framed(bad)]) }
        }
    }

    @Test("Garbage is refused, whatever it is", arguments: 0..<50 as Range<UInt64>)
    func garbage(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let bytes = (0..<64).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        do {
            #expect(try decode([bytes]) == [])
        } catch {
            #expect(error is FormatError)
        }
    }

    /// With work per piece in proportion to what is buffered this would copy 100 GB.
    @Test("A large frame in small pieces costs no more than its bytes")
    func largeFrame() throws {
        let payload = Bytes(repeating: 0x61, count: 4 << 20)
        var writer = ByteWriter()
        writer.write(UInt8(1))
        writer.writePrefixed(payload)
        let bytes = framed(writer.take())
        var decoder = FrameDecoder()
        decoder.trustPeer()
        var frames: [Frame] = []
        for start in stride(from: 0, to: bytes.count, by: 100) {
            decoder.append(Bytes(bytes[start..<min(start + 100, bytes.count)]))
            while let frame = try decoder.next() { frames.append(frame) }
        }
        #expect(frames == [.refusal(payload.text)])
    }

    @Test("The bytes of a hello are what they were")
    func goldenHello() {
        #expect(
            hexDigits(hello.encoded)
                == "1e000000" + "f35437f1" + "69135a4e" + "004d52544c08" + "0163"
                + "0100000000000000" + "026e31" + "0200000000000000" + "000100")
    }

    private func framed(_ payload: Bytes) -> Bytes {
        var writer = ByteWriter()
        writer.write(UInt32(payload.count))
        writer.write(Checksum.crc32c(payload))
        writer.write(Checksum.crc32c(writer.bytes))
        writer.writeRaw(payload)
        return writer.take()
    }
}

extension MessageFrames {
    fileprivate mutating func add(_ message: PeerMessage) {
        let isTaken = append(message)
        #expect(isTaken)
    }
}
