// A node and a peer that speaks by hand: one connection carries both directions, whoever dialled.
import MartletBase
import MartletClient
import MartletRing
import MartletServer
import MartletViews
import MartletWire
import Testing

/// A peer that dials a node, and says what a test has it say.
final class HandmadePeer {
    private let socket: ProcessSocket
    private var decoder = FrameDecoder()
    /// What the node said of itself.
    let answer: Hello

    /// Dials the node `sought` and exchanges hellos with it.
    init(
        _ id: NodeID, _ own: Shard = .only, dialling port: UInt16, sought: NodeID, shard: Int = 0,
        cluster: String
    ) throws {
        socket = try ProcessSocket(port: port)
        let hello = Hello(
            clusterName: cluster, node: id, name: "by hand", sought: sought, shard: own,
            soughtShard: shard)
        socket.send(Frame.hello(hello).bytes)
        let frame = try Self.receive(from: socket, &decoder)
        guard case .hello(let answer) = frame else {
            throw ClusterTestError("no hello in answer, but \(String(describing: frame))")
        }
        self.answer = answer
        #expect(answer.node == sought && answer.sought == id && answer.clusterName == cluster)
        decoder.trustPeer()
    }

    /// Begins, and says of itself what `member` says: then the node takes it for a member.
    func begin(as member: Member) {
        send(.begin)
        let word = PushPull(members: [member], wantsReply: false, epoch: 0)
        send(.message(.pushPull(word)))
    }

    func send(_ frame: Frame) { socket.send(frame.bytes) }

    /// The next frame; nil at the end.
    func receive() throws -> Frame? { try Self.receive(from: socket, &decoder) }

    private static func receive(
        from socket: ProcessSocket, _ decoder: inout FrameDecoder
    ) throws -> Frame? {
        while true {
            if let frame = try decoder.next() { return frame }
            let bytes = try socket.receive()
            if bytes.isEmpty { return nil }
            decoder.append(bytes)
        }
    }

    /// Asks for the node's whole view, and waits for it.
    func exchange() throws -> PushPull {
        send(.message(.pushPull(PushPull(members: [], wantsReply: true, epoch: 0))))
        while let frame = try receive() {
            guard case .message(.pushPull(let view)) = frame, !view.wantsReply else { continue }
            // The node's own word, which goes with every link, is no answer.
            if view.members.count > 1 { return view }
        }
        throw ClusterTestError("the connection ended")
    }

    /// The node's ring, which it offers to whoever knows none.
    func awaitRing() throws -> Topology {
        send(.message(.pushPull(PushPull(members: [], wantsReply: true, epoch: 0))))
        while let frame = try receive() {
            if case .message(.topology(let ring)) = frame { return ring }
        }
        throw ClusterTestError("the connection ended")
    }

    func awaitClose() throws -> Bool { try socket.awaitClose() }
}

extension Clusters.Processes {
    /// A member that is reached nowhere.
    static func member(_ id: NodeID) -> Member {
        let nowhere = Endpoint(host: "127.0.0.1", port: 9)
        return Member(
            id: id, name: "by hand", zone: "", weight: 1, peerEndpoint: nowhere,
            clientEndpoint: nowhere, incarnation: 1, state: .alive)
    }

    @Test("An answer goes the way that the question came, and a restarted peer is served at once")
    func oneConnection() async throws {
        try await ProcessCluster.run(1) { cluster in
            let plan = cluster.plan
            let node = try #require(NodeID(try await plan.status(0).id))
            let port = plan.places[0].peer
            let cluster = plan.clusterName
            // Nothing listens where the peer says that it lives, so the node cannot dial it.
            let own = Self.member(NodeID(rawValue: 5))
            try await blocking {
                func dial() throws -> HandmadePeer {
                    let peer = try HandmadePeer(
                        own.id, dialling: port, sought: node, cluster: cluster)
                    peer.begin(as: own)
                    return peer
                }
                let first = try dial()
                #expect(try first.exchange().members.map(\.id).contains(node))
                // Another life of the same peer, while the first connection seems to stand.
                let second = try dial()
                #expect(try second.exchange().members.map(\.id).contains(node))
                #expect(try first.awaitClose())
                #expect(try second.exchange().members.map(\.id).contains(node))
            }
        }
    }

    @Test("A stranger who has learnt the ring and forges one of the last epoch is not believed")
    func forgedRing() async throws {
        try await ProcessCluster.run(1) { cluster in
            let plan = cluster.plan
            let node = try #require(NodeID(try await plan.status(0).id))
            let port = plan.places[0].peer
            let name = plan.clusterName
            _ = try await plan.withClient(0) { try await $0.put("k", "k") }
            try await blocking {
                let own = Self.member(NodeID(rawValue: 5))
                let peer = try HandmadePeer(own.id, dialling: port, sought: node, cluster: name)
                peer.begin(as: own)
                let ring = try peer.awaitRing()
                // Of the stranger alone: no key would have a home that holds it.
                let forged = try Topology(
                    epoch: .max, clusterName: name, clusterID: ring.clusterID,
                    secret: ring.secret, replicaCount: 1, partitionCount: ring.partitionCount,
                    members: [RingMember(id: own.id, name: own.name, zone: "", weight: 1)],
                    homeIndexes: Array(repeating: 0, count: ring.partitionCount.value))
                peer.send(.message(.topology(forged)))
                #expect(try peer.exchange().epoch == ring.epoch)
            }
            try await plan.expectAll(["k"], at: 0)
            #expect(try await plan.status(0).epoch == 1)
            let output = try #require(try await cluster.output(0))
            #expect(output.contains("offers a ring of epoch 18446744073709551615"), "\(output)")
        }
    }
}

extension Frame {
    fileprivate var bytes: Bytes {
        var writer = ByteWriter()
        encode(into: &writer)
        return writer.bytes
    }
}
