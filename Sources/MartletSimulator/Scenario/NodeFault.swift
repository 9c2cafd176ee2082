// What befalls one node besides crashes and what the network does: as a scenario declares it, and
// as an exact event. What it does to the node is in `World+NodeFaults`.
internal import MartletBase
package import MartletStorage

/// A fault of one node as a scenario declares it.
package enum NodeFaultSpecification: Sendable {
    /// Its process is stopped and goes on later; its clocks go on meanwhile.
    case pause(NodeChoice)
    /// It is told to stop, does so in good order, and starts again.
    case stop(NodeChoice)
    /// Its wall clock is set forward, or back below 0, once and for good.
    case clockJump(NodeChoice, by: ClosedRange<Duration>)
    /// It crashes, and starts again under another address; nil draws what it loses.
    case move(NodeChoice, MemoryDisk.CrashLoss?)
    /// Everything that its disk does takes so many times as long.
    case slowDisk(NodeChoice, factor: ClosedRange<Int>)
    /// Its disk takes no more than it holds, and a share of that.
    case fullDisk(NodeChoice, room: ClosedRange<Double>)
    /// Its disk fails now and then, or does something else than it says.
    case faultyDisk(NodeChoice, DiskFaultRanges)
    /// A bit of what its disk holds turns.
    case bitFlip(NodeChoice)
    /// It crashes, its disk is lost, and it starts again on an empty one, as the node that it was.
    case lostDisk(NodeChoice)

    /// Which node it is for.
    var node: NodeChoice {
        switch self {
        case .pause(let node), .stop(let node), .clockJump(let node, _), .move(let node, _),
            .slowDisk(let node, _), .fullDisk(let node, _), .faultyDisk(let node, _),
            .bitFlip(let node), .lostDisk(let node):
            node
        }
    }

    /// The exact fault that comes of it; every draw is made whatever it comes to.
    func drawn(_ nodes: Int, _ random: inout SeededRandom) -> NodeFault {
        switch self {
        case .pause(let choice): return .pause(choice.drawn(nodes, &random))
        case .stop(let choice): return .stop(choice.drawn(nodes, &random))
        case .clockJump(let choice, let range):
            let node = choice.drawn(nodes, &random)
            return .clockJump(node, by: random.duration(in: range))
        case .move(let choice, let loss):
            let node = choice.drawn(nodes, &random)
            return .move(node, loss ?? .drawn(&random))
        case .slowDisk(let choice, let factors):
            let node = choice.drawn(nodes, &random)
            return .slowDisk(node, factor: factors.lowerBound + random.below(factors.count))
        case .fullDisk(let choice, let room):
            let node = choice.drawn(nodes, &random)
            return .fullDisk(node, room: room == 0...0 ? 0 : random.probability(in: room))
        case .faultyDisk(let choice, let ranges):
            return .faultyDisk(choice.drawn(nodes, &random), ranges.drawn(&random))
        case .bitFlip(let choice): return .bitFlip(choice.drawn(nodes, &random))
        case .lostDisk(let choice): return .lostDisk(choice.drawn(nodes, &random))
        }
    }
}

extension Schedule {
    /// How long, at most and in all, processes are stopped.
    var pauses: Duration {
        faults.reduce(.zero) {
            if case .node(.pause) = $1.action { $0 + $1.lasting } else { $0 }
        }
    }
}

/// An exact fault of one node, counted from 0.
enum NodeFault: Sendable {
    case pause(Int)
    case stop(Int)
    case clockJump(Int, by: Duration)
    case move(Int, MemoryDisk.CrashLoss)
    case slowDisk(Int, factor: Int)
    case fullDisk(Int, room: Double)
    case faultyDisk(Int, DiskFaults)
    case bitFlip(Int)
    case lostDisk(Int)

    /// Whether it lasts, rather than being over as soon as it has happened.
    var isLasting: Bool {
        switch self {
        case .pause, .stop, .move, .slowDisk, .fullDisk, .faultyDisk, .lostDisk: true
        case .clockJump, .bitFlip: false
        }
    }

    /// What it is called, with the name of the node.
    var name: String {
        switch self {
        case .pause(let node): return "pause of \(Names.node(node))"
        case .stop(let node): return "stop of \(Names.node(node))"
        case .clockJump(let node, let difference):
            let sign = difference < .zero ? "" : "+"
            return "clock-jump of \(Names.node(node)) by \(sign)\(difference.signedMilliseconds)ms"
        case .move(let node, let loss): return "move of \(Names.node(node)) losing \(loss)"
        case .slowDisk(let node, let factor):
            return "slow-disk of \(Names.node(node)), \(factor) times"
        case .fullDisk(let node, let room):
            let text = room == 0 ? "" : " but for \(Int(room * 100))%"
            return "full-disk of \(Names.node(node))\(text)"
        case .faultyDisk(let node, let faults):
            return "faulty-disk of \(Names.node(node)), \(faults.text)"
        case .bitFlip(let node): return "bit-flip on the disk of \(Names.node(node))"
        case .lostDisk(let node): return "lost-disk of \(Names.node(node))"
        }
    }
}
