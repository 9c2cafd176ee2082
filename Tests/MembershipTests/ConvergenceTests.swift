// Groups of memberships under loss, crashes and partitions: what SWIM promises of the whole.
import MartletBase
import MartletMembership
import MartletWire
import Testing

/// `count` nodes, all with node 1 for a seed, run until they know each other.
private func joined(_ count: Int, seed: UInt64, loss: Double = 0) throws -> TestNetwork {
    var network = TestNetwork(count: count, seed: seed)
    network.loss = loss
    for number in network.numbers { network.start(number, seeds: number == 1 ? [] : [1]) }
    _ = try #require(network.run(atMost: .seconds(60)) { $0.agrees(alive: $0.numbers) })
    return network
}

@Suite("Groups of members")
struct ConvergenceTests {
    @Test(
        "Everyone finds everyone through one seed", arguments: [2, 3, 5, 25], [1, 2, 3] as [UInt64])
    func discovery(count: Int, seed: UInt64) throws {
        var network = TestNetwork(count: count, seed: seed)
        for number in network.numbers { network.start(number, seeds: number == 1 ? [] : [1]) }
        let time = network.run(atMost: .seconds(10)) { $0.agrees(alive: $0.numbers) }
        #expect(try #require(time) < .seconds(5), "seed \(seed)")
    }

    @Test("A seed that starts last is met all the same", arguments: [1, 2, 3] as [UInt64])
    func lateSeed(seed: UInt64) {
        var network = TestNetwork(count: 5, seed: seed)
        for number in 2...5 { network.start(number, seeds: [1]) }
        network.run(.seconds(60))
        #expect(network.processes[2]?.members.count == 1)
        network.start(1, seeds: [])
        let time = network.run(atMost: .seconds(10)) { $0.agrees(alive: 1...5) }
        #expect(time != nil, "seed \(seed)")
    }

    @Test(
        "A killed node is unreachable everywhere in time, and nobody else is, under 10% loss",
        arguments: [3, 5, 12], [1, 2] as [UInt64])
    func completenessAndAccuracy(count: Int, seed: UInt64) throws {
        var network = try joined(count, seed: seed, loss: 0.1)
        network.run(.seconds(60))
        network.kill(count)
        let time = network.run(atMost: .seconds(60)) { network in
            network.numbers.dropLast().allSatisfy {
                network.processes[$0]?.state(of: id(count)) == .unreachable
            }
        }
        // One round of everybody, a probe, the suspicion, and the spread of both.
        let bound = MembershipOptions().suspicionTimeout(groupOf: count) + .seconds(8)
        #expect(try #require(time) < bound, "seed \(seed)")
        network.run(.seconds(30))
        #expect(network.verdicts.allSatisfy { $0.of == count }, "seed \(seed)")
    }

    @Test(
        "A partition heals by itself, however long both sides held each other for unreachable",
        arguments: [3, 4, 10], [1, 2] as [UInt64])
    func healing(count: Int, seed: UInt64) throws {
        var network = try joined(count, seed: seed)
        for number in network.numbers { network.group[number] = number <= count / 2 ? 1 : 2 }
        network.run(.seconds(200))
        for number in network.numbers {
            let process = try #require(network.processes[number])
            for other in network.numbers {
                let isNear = network.group[number] == network.group[other]
                #expect(process.state(of: id(other)) == (isNear ? .alive : .unreachable))
            }
        }
        for number in network.numbers { network.group[number] = 0 }
        let time = network.run(atMost: .seconds(60)) { $0.agrees(alive: $0.numbers) }
        #expect(try #require(time) < .seconds(20), "seed \(seed)")
    }

    @Test(
        "Nodes that start on both sides of a partition are known to all once it heals",
        arguments: [1, 2, 3] as [UInt64])
    func strangersMeet(seed: UInt64) throws {
        var network = TestNetwork(count: 6, seed: seed)
        for number in 4...6 { network.group[number] = 1 }
        for number in 1...6 { network.start(number, seeds: [1, 4]) }
        network.run(.seconds(60))
        #expect(network.processes[6]?.members.map(\.id) == [id(4), id(5), id(6)])
        for number in 4...6 { network.group[number] = 0 }
        let time = network.run(atMost: .seconds(60)) { $0.agrees(alive: 1...6) }
        #expect(try #require(time) < .seconds(20), "seed \(seed)")
    }

    @Test(
        "A node that restarts without memory, at its old or a new address, is alive again",
        arguments: [false, true], [1, 2, 3] as [UInt64])
    func restart(isMoved: Bool, seed: UInt64) throws {
        var network = try joined(4, seed: seed)
        // Node 2 gathers a few incarnations, then dies and comes back with the first.
        for _ in 0..<3 {
            network.group[2] = 9
            network.run(.seconds(30))
            network.group[2] = 0
            _ = try #require(network.run(atMost: .seconds(30)) { $0.agrees(alive: 1...4) })
        }
        let old = try #require(network.processes[2]?.local.incarnation)
        #expect(old > 2)
        network.kill(2)
        network.run(.seconds(isMoved ? 1 : 60))
        let slot = isMoved ? 5 : 2
        if isMoved { network.extend() }
        network.start(slot, seeds: [1], as: member(2, at: slot))
        let time = network.run(atMost: .seconds(60)) { network in
            network.numbers.allSatisfy { number in
                guard let process = network.processes[number] else { return true }
                return process.members.count == 4
                    && process.members.allSatisfy { $0.state == .alive }
                    && process.members[1].peerEndpoint == endpoint(slot)
            }
        }
        #expect(try #require(time) < .seconds(15), "seed \(seed)")
        #expect(try #require(network.processes[slot]?.local.incarnation) > old)
        #expect(network.conflicts == 0)
    }

    @Test("Two processes with one identity are reported, for as long as both run")
    func twins() throws {
        var network = try joined(4, seed: 5)
        network.extend()
        network.start(5, seeds: [1], as: member(2, at: 5))
        network.run(.seconds(60))
        #expect(network.conflicts >= 5)
        #expect(network.conflicts <= 20)
        let incarnation = try #require(network.processes[2]?.local.incarnation)
        #expect(incarnation < 60, "incarnation raced to \(incarnation)")
    }

    @Test("The same seed gives the same effects, byte for byte")
    func determinism() throws {
        func run(seed: UInt64) throws -> UInt64 {
            var network = try joined(7, seed: seed, loss: 0.2)
            network.kill(3)
            network.run(.seconds(30))
            network.start(3, seeds: [1, 2])
            network.run(.seconds(30))
            return network.hash
        }
        #expect(try run(seed: 11) == run(seed: 11))
        #expect(try run(seed: 11) != run(seed: 12))
    }
}
