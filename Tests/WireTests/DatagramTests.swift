// The bytes of datagrams and push/pulls: golden, there and back, and every way to be refused.
import MartletBase
import MartletWire
import Testing

private let cluster = Datagram.clusterHash(of: "golden")

private func member(_ number: UInt64, name: String = "node", state: MemberState = .alive) -> Member
{
    Member(
        id: NodeID(rawValue: number), name: name, zone: "east", weight: 300,
        peerEndpoint: Endpoint(host: "10.0.0.1", port: 7_401),
        clientEndpoint: Endpoint(host: "::1", port: 7_400), incarnation: 129, state: state)
}

private func datagram(_ kind: Datagram.Kind, _ members: [Member]) -> Datagram {
    var datagram = Datagram(
        sender: NodeID(rawValue: 0x0102_0304_0506_0708), sequence: 0xA1A2_A3A4_A5A6_A7A8,
        epoch: 3, kind: kind, members: members)
    datagram.wall = WallTime(milliseconds: 0x0102)
    return datagram
}

/// What decoding says of `bytes`; nil when it accepts them.
private func refusal(of bytes: Bytes, cluster: UInt64 = cluster) -> FormatError.Reason? {
    do throws(FormatError) {
        _ = try Datagram(bytes, cluster: cluster)
        return nil
    } catch {
        return error.reason
    }
}

/// `bytes` with their last four replaced by the checksum of the others.
private func sealed(_ bytes: Bytes) -> Bytes {
    var writer = ByteWriter()
    writer.writeRaw(Array(bytes.dropLast(4)))
    writer.write(Checksum.crc32c(writer.bytes))
    return writer.bytes
}

private func hexadecimal(_ bytes: Bytes) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

private func randomMember(_ random: inout SeededRandom) -> Member {
    func text(_ limit: Int) -> String {
        String((0..<random.below(limit + 1)).map { _ in random.chance(0.9) ? "a" : "Z" })
    }
    return Member(
        id: NodeID(rawValue: random.next()), name: "n" + text(Member.nameLimit - 1),
        zone: text(Member.zoneLimit), weight: UInt32(random.below(1 << 32 - 1) + 1),
        peerEndpoint: Endpoint(
            host: "2001:db8::\(random.below(9_999))", port: UInt16(random.below(65_535) + 1)),
        clientEndpoint: Endpoint(host: "192.168.0.1", port: UInt16(random.below(65_535) + 1)),
        incarnation: random.next() >> UInt64(8 + random.below(56)),
        state: MemberState.allCases[random.below(3)])
}

@Suite("Datagrams")
struct DatagramTests {
    @Test("Golden bytes")
    func golden() {
        let ping = datagram(.ping(target: NodeID(rawValue: 9)), [member(1, state: .suspect)])
        #expect(
            hexadecimal(ping.encoded(cluster: 0x1122_3344_5566_7788))
                == "6d72746c" + "02" + "8877665544332211" + "0807060504030201" + "a8a7a6a5a4a3a2a1"
                + "0300000000000000" + "0201000000000000" + "01" + "0900000000000000" + "01"
                + "0100000000000000"
                + "8101" + "01" + "ac02" + "046e6f6465" + "0465617374"
                + "0831302e302e302e31" + "e91c" + "033a3a31" + "e81c" + "c5f97628")
        let ack = datagram(.ack, [])
        #expect(
            hexadecimal(ack.encoded(cluster: cluster))
                == "6d72746c" + "02" + "49c19ae5a860f45c" + "0807060504030201" + "a8a7a6a5a4a3a2a1"
                + "0300000000000000" + "0201000000000000" + "03" + "00" + "526516b3")
    }

    @Test(
        "What is encoded is decoded, for every kind and many members",
        arguments: 1...4 as ClosedRange<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let target = NodeID(rawValue: 4)
        for kind in [.ping(target: nil), .ping(target: target), .pingRequest(target: target), .ack]
            as [Datagram.Kind]
        {
            for count in 0...5 {
                let members = (0..<count).map { _ in randomMember(&random) }
                let sent = datagram(kind, members)
                let bytes = sent.encoded(cluster: cluster)
                let size = members.reduce(Datagram.overheadLimit) { $0 + $1.encodedByteCount }
                #expect(bytes.count <= size && bytes.count >= size - 9)
                #expect(try Datagram(bytes, cluster: cluster) == sent)
            }
        }
    }

    @Test("Each defect of the envelope is told by name")
    func envelope() {
        let good = datagram(.ack, [member(1)]).encoded(cluster: cluster)
        #expect(refusal(of: good) == nil)
        #expect(refusal(of: good, cluster: cluster ^ 1) == .invalid("cluster"))
        #expect(refusal(of: []) == .truncated)
        #expect(refusal(of: Array(good.prefix(8))) == .truncated)
        #expect(refusal(of: Bytes(repeating: 0, count: 1_401)) == .tooLarge("datagram"))
        var bytes = good
        bytes[0] ^= 1
        #expect(refusal(of: bytes) == .invalid("magic"))
        bytes = good
        bytes[4] = 1
        #expect(refusal(of: bytes) == .unsupportedVersion(1))
        bytes = good
        bytes[40] ^= 0x10
        #expect(refusal(of: bytes) == .checksumMismatch)
        bytes = good
        bytes.insert(0, at: bytes.count - 4)
        #expect(refusal(of: sealed(bytes)) == .invalid("trailing bytes"))
        bytes = Array(good.dropFirst(0).dropLast(5)) + [0, 0, 0, 0]
        #expect(refusal(of: sealed(bytes)) == .truncated)
        bytes = good
        bytes[45] = 9
        #expect(refusal(of: sealed(bytes)) == .invalid("datagram kind"))
    }

    @Test("Each defect of a member is refused")
    func memberDefects() throws {
        func refusal(_ change: (inout Member) -> Void) -> FormatError.Reason? {
            var bent = member(1)
            change(&bent)
            return WireTests.refusal(of: datagram(.ack, [bent]).encoded(cluster: cluster))
        }
        #expect(refusal { $0.name = "" } == .invalid("name length"))
        #expect(refusal { $0.name = String(repeating: "x", count: 65) } == .tooLarge("name"))
        #expect(refusal { $0.zone = String(repeating: "x", count: 65) } == .tooLarge("zone"))
        #expect(refusal { $0.name = "a\u{1B}[2J" } == .invalid("name (control character)"))
        #expect(refusal { $0.zone = "a\n" } == .invalid("zone (control character)"))
        #expect(refusal { $0.weight = 0 } == .invalid("weight"))
        #expect(refusal { $0.incarnation = .max } == .invalid("incarnation"))
        #expect(refusal { $0.peerEndpoint.port = 0 } == .invalid("port"))
        #expect(refusal { $0.clientEndpoint.host = "" } == .invalid("host length"))
        #expect(
            refusal { $0.peerEndpoint.host = "example.org" } == .invalid("host (not an IP literal)")
        )
        #expect(
            refusal { $0.peerEndpoint.host = String(repeating: "1", count: 46) }
                == .tooLarge("host"))
        #expect(member(1).defect == nil)
    }

    @Test("No bent or random datagram traps", arguments: 1...8 as ClosedRange<UInt64>)
    func fuzz(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let good = datagram(.pingRequest(target: NodeID(rawValue: 7)), [member(1), member(2)])
            .encoded(cluster: cluster)
        for _ in 0..<1_000 {
            var bytes = good
            for _ in 0...random.below(4) {
                bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            if random.chance(0.3) { bytes.removeLast(random.below(bytes.count)) }
            if bytes != good { #expect(refusal(of: bytes) != nil) }
            // Behind a checksum that matches, only the fields themselves can be at fault.
            if let bent = try? Datagram(sealed(bytes), cluster: cluster) {
                #expect(bent.members.allSatisfy { $0.defect == nil })
            }
            let noise = (0..<random.below(200)).map { _ in UInt8(truncatingIfNeeded: random.next())
            }
            #expect(refusal(of: noise) != nil)
        }
    }
}

@Suite("Push/pulls")
struct PushPullCodingTests {
    private func decoded(_ bytes: Bytes) throws(FormatError) -> PushPull {
        var reader = ByteReader(bytes)
        let exchange = try PushPull(from: &reader)
        try reader.expectEnd()
        return exchange
    }

    private func encoded(_ exchange: PushPull) -> Bytes {
        var writer = ByteWriter()
        exchange.encode(into: &writer)
        return writer.take()
    }

    @Test("What is encoded is decoded, up to the member limit", arguments: [0, 1, 40, 1_024])
    func roundTrip(count: Int) throws {
        var random = SeededRandom(seed: UInt64(count))
        let members = (0..<count).map { _ in randomMember(&random) }.sorted { $0.id < $1.id }
        let exchange = PushPull(members: members, wantsReply: count % 2 == 1, epoch: 12)
        #expect(try decoded(encoded(exchange)) == exchange)
    }

    @Test("Golden bytes")
    func golden() {
        let exchange = PushPull(
            members: [member(1), member(2, state: .unreachable)], wantsReply: true, epoch: 5)
        #expect(
            hexadecimal(encoded(exchange))
                == "0500000000000000" + "01" + "02"
                + "0100000000000000" + "8101" + "00" + "ac02" + "046e6f6465" + "0465617374"
                + "0831302e302e302e31" + "e91c" + "033a3a31" + "e81c"
                + "0200000000000000" + "8101" + "02" + "ac02" + "046e6f6465" + "0465617374"
                + "0831302e302e302e31" + "e91c" + "033a3a31" + "e81c")
    }

    @Test("Members out of order, repeated or too many are refused")
    func order() {
        for ids in [[2, 1], [1, 1]] as [[UInt64]] {
            let bytes = encoded(
                PushPull(members: ids.map { member($0) }, wantsReply: false, epoch: 0))
            #expect { try decoded(bytes) } throws: {
                ($0 as? FormatError)?.reason == .invalid("member order")
            }
        }
        var writer = ByteWriter()
        writer.write(0 as UInt64)
        writer.write(false)
        writer.writeCount(1_025)
        for number in 1...1_025 as ClosedRange<UInt64> { member(number).encode(into: &writer) }
        let bytes = writer.take()
        #expect { try decoded(bytes) } throws: {
            ($0 as? FormatError)?.reason == .tooLarge("member count")
        }
    }

    @Test("Every truncation is an error, and no bent byte traps")
    func hostileBytes() {
        let bytes = encoded(PushPull(members: [member(1), member(2)], wantsReply: true, epoch: 5))
        for length in bytes.indices {
            #expect(throws: FormatError.self) { try decoded(Array(bytes.prefix(length))) }
        }
        var random = SeededRandom(seed: 3)
        for _ in 0..<2_000 {
            var bent = bytes
            bent[random.below(bent.count)] = UInt8(truncatingIfNeeded: random.next())
            if let exchange = try? decoded(bent) {
                #expect(exchange.members.allSatisfy { $0.defect == nil })
            }
        }
    }
}
