// Swarm testing, after Groce et al. (ISSTA 2012): each seed does without some classes of trouble. A
// run that has all of them keeps short of what one alone, given room, would come to.
internal import MartletBase

/// What troubles there are, as scenarios write them: kinds of faults, what a fault may do besides,
/// and the conditions of network and clocks.
enum TroubleClass: String, CaseIterable {
    case crash
    case crashAll = "crash-all"
    case crashZone = "crash-zone"
    case stop
    case loops, partition, isolate
    case oneWay = "one-way"
    case flapping, slow, swizzle, pause
    case clockJump = "clock-jump"
    case move
    case slowDisk = "slow-disk"
    case fullDisk = "full-disk"
    case faultyDisk = "faulty-disk"
    case bitFlip = "bit-flip"
    case lostDisk = "lost-disk"
    case reweigh, rereplicate, resize
    case callOff = "call-off"
    case overload, loss, duplication, breaks, tail, reordering, corruption, skew, drift
}

/// Which classes one seed does without. Each is drawn from a stream of its own, so that a scenario
/// that gains one keeps the others.
struct Swarm {
    /// Those that the scenario has and the seed does not.
    let leftOut: [TroubleClass]

    init(_ scenario: Scenario, seed: UInt64) {
        leftOut =
            scenario.swarm == 0
            ? []
            : TroubleClass.allCases.filter { trouble in
                var random = SeededRandom(seed: seed, stream: "swarm \(trouble.rawValue)")
                return random.chance(scenario.swarm) && scenario.has(trouble)
            }
    }

    /// The scenario without the faults, and the ways of the clocks, that are left out.
    func thinned(_ whole: Scenario) -> Scenario {
        var scenario = whole
        if leftOut.contains(.skew) {
            scenario.clockSkew = .zero ... .zero
            scenario.oddClock = .zero ... .zero
        }
        if leftOut.contains(.drift) { scenario.clockDrift = 0...0 }
        for index in scenario.faults.indices {
            if leftOut.contains(scenario.faults[index].kind.trouble) {
                scenario.faults[index].chance = 0
            }
            if leftOut.contains(.flapping) { scenario.faults[index].flapping = nil }
            if leftOut.contains(.loops) { scenario.faults[index].loops = 1...1 }
        }
        return scenario
    }

    /// Takes from the network, once all of it is drawn, what is left out.
    func thin(_ conditions: inout NetworkConditions) {
        for trouble in leftOut {
            switch trouble {
            case .loss: conditions.loss = 0
            case .duplication: conditions.duplication = 0
            case .breaks: conditions.breaks = 0
            case .tail: conditions.tailExponent = nil
            case .reordering: conditions.reordering = 0
            case .corruption: conditions.corruption = 0
            default: break
            }
        }
    }
}

extension Scenario {
    /// The classes of trouble that the scenario has and the seed does without.
    package func leftOut(seed: UInt64) -> [String] {
        Swarm(self, seed: drawSeed(JointSeed.configuration(of: seed))).leftOut.map(\.rawValue)
    }

    /// Whether there is any of it, left out or not.
    fileprivate func has(_ trouble: TroubleClass) -> Bool {
        switch trouble {
        case .loss: network.loss.upperBound > 0
        case .duplication: network.duplication.upperBound > 0
        case .breaks: network.breaks.upperBound > 0
        case .tail: network.tail != nil
        case .reordering: network.reordering.upperBound > 0
        case .corruption: network.corruption.upperBound > 0
        case .skew: clockSkew != .zero ... .zero || oddClock != .zero ... .zero
        case .drift: clockDrift != 0...0
        case .flapping: faults.contains { $0.flapping != nil }
        case .loops: faults.contains { $0.loops.upperBound > 1 }
        default: faults.contains { $0.kind.trouble == trouble }
        }
    }
}

extension FaultSpecification.Kind {
    /// The class that it is of.
    fileprivate var trouble: TroubleClass {
        switch self {
        case .crash: .crash
        case .crashAll: .crashAll
        case .crashZone: .crashZone
        case .partition: .partition
        case .isolate: .isolate
        case .oneWay: .oneWay
        case .slow: .slow
        case .swizzle: .swizzle
        case .overload: .overload
        case .ring(.reweigh): .reweigh
        case .ring(.rereplicate): .rereplicate
        case .ring(.resize): .resize
        case .ring(.callOff): .callOff
        case .node(.pause): .pause
        case .node(.stop): .stop
        case .node(.clockJump): .clockJump
        case .node(.move): .move
        case .node(.slowDisk): .slowDisk
        case .node(.fullDisk): .fullDisk
        case .node(.faultyDisk): .faultyDisk
        case .node(.bitFlip): .bitFlip
        case .node(.lostDisk): .lostDisk
        }
    }
}
