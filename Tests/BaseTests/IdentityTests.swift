// Identities and addresses as text: what is written reads back, and nothing else is taken.
import MartletBase
import Testing

@Suite("Identities and addresses") struct IdentityTests {
    @Test(
        "An identity reads back from its sixteen digits",
        arguments: [0, 1, 0xABCD, .max] as [UInt64])
    func nodeRoundTrip(bits: UInt64) {
        let node = NodeID(rawValue: bits)
        #expect(node.description.count == 16)
        #expect(NodeID(node.description) == node)
    }

    @Test(
        "What is not sixteen lower-case digits is no identity",
        arguments: [
            "", "1", "00000000000000001", "000000000000000g", "+000000000000001",
            "-000000000000001", "00000000000000AB", "0x00000000000001", "０000000000000",
        ])
    func nodeRefusals(text: String) {
        #expect(NodeID(text) == nil)
    }

    @Test(
        "An address reads back as it is written",
        arguments: [
            ("127.0.0.1:7400", "127.0.0.1", 7400), ("[::1]:7401", "::1", 7401),
            ("[fe80::1]:65535", "fe80::1", 65_535), ("localhost:0", "localhost", 0),
        ] as [(String, String, UInt16)])
    func endpointRoundTrip(text: String, host: String, port: UInt16) {
        let endpoint = Endpoint(host: host, port: port)
        #expect(Endpoint(text) == endpoint)
        #expect(endpoint.description == text)
    }

    @Test(
        "What lacks a host or a port is no address",
        arguments: [
            "", ":", "host", "host:", ":7400", "host:65536", "host:-1", "host:+1", "host:7x",
            "::1:7400", "[::1:7400", "[]:7400", "host: 7400",
        ])
    func endpointRefusals(text: String) {
        #expect(Endpoint(text) == nil)
    }

    @Test("Nodes are ordered by bits, addresses by host and then port")
    func order() {
        #expect(NodeID(rawValue: 1) < NodeID(rawValue: 2))
        #expect(Endpoint(host: "a", port: 2) < Endpoint(host: "b", port: 1))
        #expect(Endpoint(host: "a", port: 1) < Endpoint(host: "a", port: 2))
    }
}
