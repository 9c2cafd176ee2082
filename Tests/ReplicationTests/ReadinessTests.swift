// When a node that has started lets clients in.
import MartletBase
import MartletNode
import MartletRing
import MartletStorage
import MartletWire
import Testing

@Suite("Readiness")
struct ReadinessTests {
    /// A node that has the ring of nodes 1 to 3 from an earlier life, started again.
    private func restarted() throws -> Host {
        let disk = MemoryDisk()
        var first = try Host(disk)
        _ = first.offer(try Topology.onePartition(nodes: 3, replicas: 3))
        first.crash()
        return try Host(disk, seed: 2, starts: false)
    }

    private func member(_ number: UInt64, _ state: MemberState) -> Member {
        let endpoint = Endpoint(host: "10.0.0.\(number)", port: 7_401)
        return Member(
            id: NodeID(rawValue: number), name: "m\(number)", zone: "", weight: 1,
            peerEndpoint: endpoint, clientEndpoint: endpoint, incarnation: 1, state: state)
    }

    @Test("Without a ring there is nothing to wait for")
    func newNode() throws {
        var host = try Host(MemoryDisk(), starts: false)
        #expect(host.handle(.started).isReady)
        #expect(!host.handle(.ticked).isReady, "once")
    }

    @Test("It waits until every other node of the ring is linked")
    func linked() throws {
        var host = try restarted()
        #expect(!host.handle(.started).isReady)
        for number in 1...3 as ClosedRange<UInt64> {
            #expect(!host.core.isReady)
            let work = host.handle(.linkOpened(Peer(NodeID(rawValue: number))))
            #expect(work.isReady == (number == 3))
        }
        #expect(host.core.isReady)
    }

    @Test("It does not wait for nodes that no link can be made to, or that others miss")
    func away() throws {
        var host = try restarted()
        _ = host.handle(.started)
        _ = host.handle(.linkOpened(Peer(NodeID(rawValue: 1))))
        let view = PushPull(
            members: [member(1, .alive), member(2, .unreachable)], wantsReply: false, epoch: 0)
        #expect(
            !host.handle(.messageReceived(.pushPull(view), from: Peer(view.members[0].id))).isReady)
        #expect(host.handle(.linkClosed(Peer(NodeID(rawValue: 3)))).isReady)
    }

    @Test("A lone survivor serves after two rounds of pings")
    func loneSurvivor() throws {
        var host = try restarted()
        _ = host.handle(.started)
        host.now.instant = host.now.instant + .milliseconds(1_999)
        #expect(!host.handle(.ticked).isReady)
        #expect(host.wakeup <= host.now.instant + .milliseconds(1))
        host.now.instant = host.now.instant + .milliseconds(1)
        #expect(host.handle(.ticked).isReady)
    }

    @Test("In place of a node whose disk is lost, it waits for the ring")
    func startsOver() throws {
        var host = try Host(
            MemoryDisk(), inPlaceOf: NodeID(rawValue: 3), starts: false)
        #expect(!host.handle(.started).isReady)
        _ = host.handle(.linkOpened(Peer(NodeID(rawValue: 1))))
        _ = host.handle(.linkOpened(Peer(NodeID(rawValue: 2))))
        #expect(!host.core.isReady)
        _ = host.offer(try Topology.onePartition(nodes: 3, replicas: 3))
        #expect(host.core.isReady)
    }
}
