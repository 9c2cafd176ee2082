// What can go wrong between nodes: what it comes to under a seed, and what it does to packets.
import MartletBase
@testable import MartletSimulator
import MartletWire
import Testing

private func faults(_ entry: String, nodes: Int = 5, seed: UInt64 = 1) throws -> [Fault] {
    let text = "{nodes: \(nodes), duration: 20s, faults: [{\(entry)}]}"
    return Schedule(try Scenario.load(text: text, name: "one fault"), seed: seed).faults
}

private func pairs(_ fault: Fault) -> [[Int]] {
    switch fault.action {
    case .block(let pairs), .clog(let pairs), .slow(let pairs, _): pairs.map { [$0.from, $0.to] }
    default: []
    }
}

@Suite("Faults between nodes")
struct NetworkFaultTests {
    @Test("A fault that flaps is one fault for each turn, apart from each other", arguments: 1...20)
    func flapping(seed: Int) throws {
        let turns = try faults(
            "partition: {at: 1s, for: 6s, flapping: 100ms..1s}", seed: UInt64(seed))
        #expect(turns.count >= 4)
        #expect(turns[0].at == .seconds(1) && !turns[0].marks.contains(.flapping))
        for (turn, next) in zip(turns, turns.dropFirst()) {
            #expect(turn.lasting >= .milliseconds(100) && turn.lasting <= .seconds(1))
            let pause = next.at - turn.at - turn.lasting
            #expect(pause >= .milliseconds(100) && pause <= .seconds(1))
            #expect(next.marks.contains(.flapping) && pairs(next) == pairs(turn))
        }
        let last = try #require(turns.last)
        #expect(last.at + last.lasting <= .seconds(7))
    }

    @Test("A split deals every node to one of its groups", arguments: 1...20)
    func split(seed: Int) throws {
        let fault = try faults(
            "partition: {groups: 3, at: 1s, for: 1s}", nodes: 7, seed: UInt64(seed))
        let cut = Set(pairs(fault[0]))
        let reached = (0..<7).map { from in (0..<7).filter { !cut.contains([from, $0]) } }
        #expect(Set(reached).map(\.count).sorted() == [2, 2, 3])
        #expect(fault[0].marks == [.split])
    }

    @Test("An isolated node hears nothing, is not heard, or both")
    func directions() throws {
        func isolated(_ direction: String) throws -> [[Int]] {
            pairs(
                try faults(
                    "isolate: {node: 2, direction: \(direction), at: 1s, for: 1s}", nodes: 3)[0])
        }
        #expect(try isolated("in") == [[0, 1], [2, 1]])
        #expect(try isolated("out") == [[1, 0], [1, 2]])
        #expect(try isolated("both").count == 4)
        #expect(try faults("one-way: {from: 1, to: 2, at: 1s, for: 1s}")[0].marks == [.oneWay])
    }

    @Test("A swizzle clogs each of its links once; in the middle all are", arguments: 1...20)
    func swizzle(seed: Int) throws {
        let clogs = try faults(
            "swizzle: {links: 20%..60%, at: 2s, for: 4s}", seed: UInt64(seed))
        #expect((4...12).contains(clogs.count))
        #expect(Set(clogs.map(pairs)).count == clogs.count)
        for clog in clogs {
            #expect(clog.at >= .seconds(2) && clog.at <= .seconds(4))
            let end = clog.at + clog.lasting
            #expect(end >= .seconds(4) && end <= .seconds(6))
        }
    }

    @Test("Two nodes share one connection: once either has dialled, both have it, and both lose it")
    func oneConnection() throws {
        let scenario = try Scenario.load(text: "{nodes: 2}", name: "link")
        var world = try World(
            scenario, schedule: Schedule(scenario, seed: 1), planted: nil, logging: nil)
        for node in 0...1 { world.nodeStarts(node, life: world.nodes[node].life) }
        let (out, back) = (world.linkIndex(0, 1), world.linkIndex(1, 0))
        #expect(!world.links[out].isOpen && !world.links[back].isOpen)
        world.links[out].endpoint = world.peerEndpoint(of: 1)
        // Node 2 has a call under way when that of node 1 is taken.
        world.links[back].isWanted = true
        let own = world.links[back].connection
        world.linkOpens(out, world.links[out].connection)
        #expect(world.links[out].isOpen && world.links[back].isOpen)
        world.linkRefused(back, own)
        world.linkOpens(back, own)
        #expect(world.links[out].isOpen && world.links[back].isOpen, "its own call is void")
        world.breakLink(out, after: .zero)
        #expect(world.links[out].isBroken && world.links[back].isBroken)
    }

    @Test("What waited on a clogged path arrives in order once it is free")
    func clogged() throws {
        let scenario = try Scenario.load(
            text: "{nodes: 2, duration: 5s, faults: [{swizzle: {links: 1%, at: 0s, for: 1s}}]}",
            name: "clog")
        let schedule = Schedule(scenario, seed: 1)
        let clog = try #require(pairs(schedule.faults[0]).first)
        var world = try World(scenario, schedule: schedule, planted: nil, logging: nil)
        let path = world.linkIndex(clog[0], clog[1])
        var held = [world.holds([0], on: path)]
        world.linkFaultBegins(0)
        for byte in 1...9 as ClosedRange<UInt8> {
            held.append(world.holds([byte], on: path))
            held.append(world.holds(datagram: [byte], on: path))
        }
        world.linkFaultEnds(0)
        held.append(world.holds([0], on: path))
        #expect(held == [false] + [Bool](repeating: true, count: 18) + [false])
        var frames: Bytes = []
        var datagrams: Bytes = []
        while let (_, event) = world.queue.take() {
            switch event {
            case .frameArrives(path, _, let bytes): frames += bytes
            case .datagramArrives(clog[0], clog[1], let bytes): datagrams += bytes
            default: break
            }
        }
        #expect(frames == Array(1...9) && datagrams == Array(1...9))
        #expect(world.occurrences[.linkClogged] == 18)
    }

    @Test("A slow path multiplies delays, and is as before when it is over")
    func slow() throws {
        let scenario = try Scenario.load(
            text: """
                {nodes: 2, duration: 5s,
                 faults: [{slow: {from: 1, to: 2, factor: 40, at: 0s, for: 1s}}]}
                """, name: "slow")
        let schedule = Schedule(scenario, seed: 1)
        #expect(
            schedule.faults[0].description == "slow link n1 → n2, 40 times at 0.000s for 1.000s")
        var world = try World(scenario, schedule: schedule, planted: nil, logging: nil)
        let (there, back) = (world.linkIndex(0, 1), world.linkIndex(1, 0))
        world.linkFaultBegins(0)
        var delays = [there, back].map { world.slowed(.milliseconds(2), on: $0) }
        world.linkFaultEnds(0)
        delays.append(world.slowed(.milliseconds(2), on: there))
        #expect(delays == [.milliseconds(80), .milliseconds(2), .milliseconds(2)])
    }

    @Test("A case keeps such faults, each by its number, and is the same run again")
    func kept() throws {
        let scenario = try Simulations.load("swizzle")
        let whole = Simulation.run(scenario, seed: 2)
        var reduction = Reduction()
        reduction.faults = [1, 2]
        reduction.duration = .seconds(8)
        let report = Simulation.run(scenario, seed: 2, reduced: reduction)
        #expect(report.faults.map(\.description) == whole.faults[1...2].map(\.description))
        let read = try SimulationCase.load(
            text: SimulationCase(scenario, reduced: reduction, as: report).text)
        #expect(read.difference(from: read.replayed()) == nil)
    }
}

@Suite("Packets in flight")
struct PacketTests {
    @Test("Delays follow the tail that is set", arguments: [1.5, 2.0, 3.0])
    func tail(alpha: Double) {
        var conditions = NetworkConditions(
            delay: .milliseconds(1), loss: 0, duplication: 0, breaks: 0)
        conditions.tailExponent = alpha
        let delays = (0..<20_000).map {
            conditions.fate(seed: 1, path: 0, ordinal: $0).delay.nanoseconds
        }.sorted()
        // At quantile 1 - q Pareto's law has q^(-1/alpha): the factor's alpha-th power is 1/q.
        for share in [2, 10, 100] {
            let factor = Double(delays[delays.count - delays.count / share]) / 1e6
            let squared = alpha == 3 ? factor * factor * factor : factor * factor
            let found = alpha == 1.5 ? factor * factor.squareRoot() : squared
            #expect(found > Double(share) * 0.8 && found < Double(share) * 1.25, "\(share)")
        }
    }

    @Test("A datagram whose bits are flipped never reads back")
    func spoiltDatagrams() {
        let datagram = Datagram(
            sender: NodeID(rawValue: 1), sequence: 2, epoch: 3, kind: .ack, members: [])
        var conditions = NetworkConditions(
            delay: .milliseconds(1), loss: 0, duplication: 0, breaks: 0)
        conditions.corruption = 1
        for ordinal in 0..<2_000 as Range<UInt64> {
            let whole = datagram.encoded(cluster: 7)
            var bytes = whole
            conditions.mishap(seed: 5, path: 1, ordinal: ordinal).spoil(&bytes)
            guard bytes != whole else { continue }
            #expect(throws: FormatError.self) { try Datagram(bytes, cluster: 7) }
        }
    }

    @Test(
        "Packets that are changed, overtaken or late do no harm", arguments: [1, 2] as [UInt64])
    func mishaps(seed: UInt64) throws {
        let scenario = try Scenario.load(
            text: """
                {nodes: 3, duration: 4s, clients: 4, keys: 10,
                 network: {reordering: 90%, corruption: 1%},
                 expects: [message-reordered, message-corrupted, link-broken]}
                """, name: "mishaps")
        let report = Simulation.run(scenario, seed: seed)
        #expect(report.verdict == .passed, "\(report)")
    }

    @Test(
        "Settings that mean nothing are told",
        arguments: [
            ("network: {tail: 0.9}", "0.9 is no exponent from 1.1 to 10"),
            ("faults: [{slow: {factor: 1, at: 1s, for: 1s}}]", "factor must be 2 to 1000"),
            ("faults: [{swizzle: {links: 2, at: 1s, for: 1s}}]", "2 is not between 0 and 1"),
            (
                "faults: [{isolate: {direction: up, at: 1s, for: 1s}}]",
                "up is no direction: write in, out or both"
            ),
            (
                "faults: [{partition: {at: 1s, for: 1s, flapping: 1ms..1s}}]",
                "flapping must be 10ms or more"
            ),
            ("faults: [{partition: {groups: 4, at: 1s, for: 1s}}]", "a fault is for node 4 of 3"),
            ("faults: [{crash: {flapping: 1s, at: 1s, for: 1s}}]", "crash knows no flapping"),
        ])
    func errorsAreTold(text: String, expected: String) {
        let error = #expect(throws: ScenarioError.self) {
            try Scenario.load(text: "{\(text)}", name: "bad")
        }
        #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
    }
}
