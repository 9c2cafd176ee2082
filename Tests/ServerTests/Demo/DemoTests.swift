// The demo's plan, decisions and view, without a process.
import MartletBase
import MartletLocal
import MartletServer
import Testing

@testable import martlet

@Suite("Demo")
struct DemoTests {
    @Test("Three nodes have the ports that the README names")
    func ports() {
        let plan = LocalPlan(nodeCount: 3, directory: ".martlet", basePort: 7400)
        #expect(plan.nodes.map(\.clientPort) == [7400, 7410, 7420])
        #expect(plan.nodes.map(\.peerPort) == [7401, 7411, 7421])
        #expect(plan.endpoints == NodeOptions.standard)
        #expect(plan.nodes[1].configurationPath == ".martlet/n2/martlet.yaml")
    }

    @Test("The highest base port leaves room for every node", arguments: 1...LocalPlan.nodeLimit)
    func highestPorts(count: Int) {
        let port = LocalPlan.highestBasePort(nodeCount: count)
        let plan = LocalPlan(nodeCount: count, directory: "d", basePort: port)
        #expect(plan.nodes.last?.peerPort == .max)
    }

    @Test("The configurations that it writes are correct", arguments: [1, 3, 9])
    func configurations(count: Int) throws {
        let plan = LocalPlan(nodeCount: count, directory: "d", basePort: 7400)
        for node in plan.nodes {
            let read = try ServerConfiguration(
                yaml: plan.configuration(of: node, isNew: true), file: node.configurationPath)
            #expect(read.shards == 1)
            let known = try ServerConfiguration(
                yaml: plan.configuration(of: node, isNew: false), file: node.configurationPath)
            #expect(known.shards == nil)
            #expect(read.nodeName == node.name)
            #expect(read.dataDirectory == "d/\(node.name)/data")
            #expect(read.clientEndpoint == Endpoint(node.endpoint))
            #expect(read.peerEndpoint.port == node.peerPort)
            #expect(read.seeds.count == count)
        }
    }

    @Test("What the lock says reads back, and nothing else does")
    func owner() {
        let owner = DemoOwner(pid: 12, numbers: [1, 3, 4], basePort: 7400)
        #expect(DemoOwner(line: owner.line) == owner)
        let others = [
            "", "12", "12 0 7400", "12 99 7400", "x 3 7400", "12 3 65535", "1 1 1 1",
            "12 3,1 7400", "12 1,1 7400", "12 , 7400",
        ]
        for line in others {
            #expect(DemoOwner(line: line) == nil, "\(line)")
        }
    }
}

@Suite("DemoSupervisor")
struct DemoSupervisorTests {
    private let start = Duration.seconds(100)

    private func nodes(_ numbers: Int...) -> [LocalPlan.Node] {
        LocalPlan(numbers: numbers, directory: "d", basePort: 7400).nodes
    }

    @Test("A node that joins is seen to by its own number, and one that has left no more")
    func change() {
        var supervisor = DemoSupervisor(nodes(1, 2))
        supervisor.remove(1)
        supervisor.add(nodes(4)[0])
        #expect(
            supervisor.handle(.exited("was killed"), node: 1, at: start) == [
                .say(
                    "n4 was killed; it is started again in 10 s (at once: martlet demo --restart 4)"
                )
            ])
        #expect(supervisor.tick(at: start + .seconds(60)).last == .start(1))
    }

    @Test("A node that dies is started again after the delay, once")
    func delay() {
        var supervisor = DemoSupervisor(nodes(1, 2))
        let said = supervisor.handle(.exited("was killed"), node: 1, at: start)
        #expect(
            said == [
                .say(
                    "n2 was killed; it is started again in 10 s (at once: martlet demo --restart 2)"
                )
            ])
        let due = start + DemoSupervisor.restartDelay
        #expect(supervisor.tick(at: due - .milliseconds(1)) == [])
        #expect(supervisor.tick(at: due) == [.say("n2 is started again"), .start(1)])
        #expect(supervisor.tick(at: due + .seconds(60)) == [])
        #expect(supervisor.conditions == [.running, .running])
    }

    @Test("A dead node is started at once when somebody asks")
    func request() {
        var supervisor = DemoSupervisor(nodes(1))
        _ = supervisor.handle(.exited("was killed"), node: 0, at: start)
        #expect(
            supervisor.handle(.restartRequested, node: 0, at: start)
                == [.say("n1 is started again"), .start(0)])
        #expect(supervisor.tick(at: start + .seconds(60)) == [])
    }

    @Test("A running node is stopped first, and asking twice changes nothing")
    func restart() {
        var supervisor = DemoSupervisor(nodes(1))
        #expect(supervisor.handle(.restartRequested, node: 0, at: start).last == .stop(0))
        #expect(supervisor.handle(.restartRequested, node: 0, at: start) == [])
        #expect(supervisor.handle(.exited("stopped"), node: 0, at: start).last == .start(0))
        #expect(supervisor.conditions == [.running])
    }
}

@Suite("DemoView")
struct DemoViewTests {
    private func reading(
        requests: UInt64, hints: Int = 0, condition: DemoSupervisor.Condition = .running,
        answers: Bool = true
    ) -> DemoReading {
        DemoReading(
            name: "n1", pid: condition == .running ? 7 : nil, condition: condition,
            believed: "alive",
            figures: answers
                ? DemoReading.Figures(hasRing: true, requests: requests, keys: 3, hints: hints)
                : nil)
    }

    @Test("The table shows rates from one drawing to the next")
    func rates() {
        var view = DemoView()
        #expect(
            view.lines([reading(requests: 10)], at: .seconds(1)) == [
                "node  pid  state    seen as  ops/s  keys  hints",
                "n1      7  serving  alive        -     3      0",
            ])
        #expect(
            view.lines([reading(requests: 2_010, hints: 4)], at: .seconds(3)) == [
                "node  pid  state    seen as  ops/s  keys  hints",
                "n1      7  serving  alive     1000     3      4",
            ])
    }

    @Test("A node that is away counts down to its return")
    func countdown() {
        var view = DemoView()
        let away = reading(
            requests: 0, condition: .waiting(until: .seconds(9)), answers: false)
        #expect(
            view.lines([away], at: .seconds(1)).last
                == "n1      -  down, back in 8 s  alive        -     -      -")
    }

    @Test("A node that has answered and does not any more is not starting")
    func notAnswering() {
        var view = DemoView()
        let mute = reading(requests: 0, answers: false)
        #expect(
            view.changes([mute], at: .seconds(1)) == ["n1 is starting, pid 7, seen as alive"])
        #expect(
            view.changes([reading(requests: 0)], at: .seconds(2))
                == ["n1 is serving, pid 7, seen as alive"])
        #expect(
            view.changes([mute], at: .seconds(3)) == ["n1 is not answering, pid 7, seen as alive"])
        #expect(view.changes([mute], at: .seconds(4)) == [])
        #expect(view.lines([mute], at: .seconds(5)).last?.contains("  not answering  ") == true)
    }

    @Test("Without a terminal only changes are told")
    func changes() {
        var view = DemoView()
        #expect(
            view.changes([reading(requests: 0)], at: .seconds(1))
                == ["n1 is serving, pid 7, seen as alive"])
        #expect(view.changes([reading(requests: 900)], at: .seconds(2)) == [])
        #expect(
            view.changes([reading(requests: 900, hints: 2)], at: .seconds(3))
                == ["n1 is serving, pid 7, seen as alive, 2 hints pending"])
        #expect(view.changes([reading(requests: 900, hints: 5)], at: .seconds(4)) == [])
        let away = reading(
            requests: 0, condition: .waiting(until: .seconds(15)), answers: false)
        #expect(
            view.changes([away], at: .seconds(5)) == ["n1 is down, back in 10 s, seen as alive"])
        #expect(view.changes([away], at: .seconds(6)) == [])
    }
}
