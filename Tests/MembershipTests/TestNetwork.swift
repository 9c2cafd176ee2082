// A few memberships under virtual time, with loss, delay, partitions and crashes drawn from one
// seed. It knows the detector alone; the simulator runs whole nodes.
import MartletBase
import MartletMembership
import MartletWire
import Testing

/// Nodes 1 ... n, at `10.0.0.n`, each with a process or none.
struct TestNetwork {
    private enum Parcel {
        case datagram(Bytes)
        case pushPull(Bytes)
        case openLink(NodeID)
        case brokenLink(NodeID)
    }

    private struct Flight {
        var arrival: Instant
        var ordinal: UInt64
        var from: Int
        var to: Int
        var parcel: Parcel
    }

    /// The running processes by number.
    private(set) var processes: [Membership?]
    /// The probability that a datagram is lost.
    var loss = 0.0
    /// The longest delay of one message.
    var delayLimit = Duration.milliseconds(20)
    /// Nodes in different groups do not hear each other.
    var group: [Int]
    /// Every effect so far, folded into one number.
    private(set) var hash: UInt64 = 0
    /// Which members any process ever held for unreachable, as (observer, member).
    private(set) var verdicts: [(by: Int, of: Int)] = []
    private(set) var conflicts = 0

    private(set) var now = Instant.start
    private var flights: [Flight] = []
    private var wakeups: [Instant]
    private var nextOrdinal: UInt64 = 0
    private var random: SeededRandom
    private let seed: UInt64
    private let options: MembershipOptions

    /// `count` nodes without processes.
    init(count: Int, seed: UInt64, options: MembershipOptions = MembershipOptions()) {
        processes = Array(repeating: nil, count: count + 1)
        group = Array(repeating: 0, count: count + 1)
        wakeups = Array(repeating: .never, count: count + 1)
        random = SeededRandom(seed: seed, stream: "network")
        self.seed = seed
        self.options = options
    }

    /// The numbers of all nodes.
    var numbers: Range<Int> { 1..<processes.count }

    /// Adds an address without a process.
    mutating func extend() {
        processes.append(nil)
        group.append(0)
        wakeups.append(.never)
    }

    /// Starts a process, which remembers nothing of an earlier one.
    mutating func start(_ number: Int, seeds: [Int], as record: Member? = nil) {
        let life = SeededRandom(seed: seed &+ now.nanoseconds, stream: "node \(number)")
        processes[number] = Membership(
            local: record ?? member(number), seeds: seeds.map(endpoint), options: options,
            random: life)
        handle(.started, at: number)
    }

    /// Ends a process without a word.
    mutating func kill(_ number: Int) {
        processes[number] = nil
        wakeups[number] = .never
    }

    /// Lets `duration` pass.
    mutating func run(_ duration: Duration) {
        _ = run(atMost: duration) { _ in false }
    }

    /// Lets time pass until `condition` holds, looked at after each event; nil when it does not
    /// within `limit`, else how long it took.
    mutating func run(atMost limit: Duration, until condition: (TestNetwork) -> Bool) -> Duration? {
        let begin = now
        let end = now + limit
        while !condition(self) {
            let tick = numbers.min { wakeups[$0] < wakeups[$1] } ?? 1
            let flight = flights.indices.min {
                (flights[$0].arrival, flights[$0].ordinal)
                    < (flights[$1].arrival, flights[$1].ordinal)
            }
            let arrival = flight.map { flights[$0].arrival } ?? .never
            guard min(arrival, wakeups[tick]) <= end else {
                now = end
                return nil
            }
            if let flight, arrival <= wakeups[tick] {
                now = max(now, arrival)
                deliver(flights.remove(at: flight))
            } else {
                now = max(now, wakeups[tick])
                handle(.ticked, at: tick)
            }
        }
        return now.since(begin)
    }

    /// Whether every process holds exactly the nodes of `alive` for alive and, of the others that
    /// it knows, all for unreachable.
    func agrees(alive: some Sequence<Int>) -> Bool {
        let alive = alive.map { id($0) }
        return processes.allSatisfy { process in
            guard let process else { return true }
            let seen = process.members.filter { $0.state == .alive }.map(\.id)
            return seen == alive && process.members.allSatisfy { $0.state != .suspect }
        }
    }

    private mutating func handle(_ event: Membership.Event, at number: Int) {
        guard processes[number] != nil else { return }
        var effects: [Membership.Effect] = []
        processes[number]?.handle(event, at: now, into: &effects)
        processes[number]?.checkInvariants()
        wakeups[number] = processes[number]?.nextWakeup ?? .never
        for effect in effects { carryOut(effect, of: number) }
    }

    private mutating func carryOut(_ effect: Membership.Effect, of number: Int) {
        switch effect {
        case .sendDatagram(let datagram, let endpoint):
            let bytes = datagram.encoded(cluster: 7)
            fold(bytes)
            guard !random.chance(loss) else { return }
            send(.datagram(bytes), from: number, to: self.number(at: endpoint))
        case .sendPushPull(let exchange, let receiver):
            var writer = ByteWriter()
            exchange.encode(into: &writer)
            fold(writer.bytes)
            let member = processes[number]?.members.first { $0.id == receiver }
            guard let member else { return }
            let to = self.number(at: member.peerEndpoint)
            let isUp = processes[to] != nil && group[to] == group[number]
            if isUp {
                send(.pushPull(writer.bytes), from: number, to: to)
            } else {
                send(.brokenLink(receiver), from: number, to: number)
            }
        case .meet(let member):
            let to = self.number(at: member.peerEndpoint)
            guard processes[to]?.local.id == member.id, group[to] == group[number] else { return }
            send(.openLink(member.id), from: to, to: number)
            send(.openLink(processes[number]?.local.id ?? id(number)), from: number, to: to)
        case .forget: break
        case .memberChanged(let member):
            if member.state == .unreachable {
                verdicts.append((number, Int(member.id.rawValue)))
            }
        case .conflict: conflicts += 1
        case .epochSeen, .clockRead, .nameTaken: break
        }
    }

    private mutating func fold(_ bytes: Bytes) {
        hash = StableHash.hash(bytes, seed: hash ^ now.nanoseconds)
    }

    private func number(at endpoint: Endpoint) -> Int {
        Int(endpoint.host.split(separator: ".").last ?? "") ?? 0
    }

    private mutating func send(_ parcel: Parcel, from: Int, to: Int) {
        let delay = Duration.nanoseconds(random.below(Int(delayLimit.nanoseconds)) + 1)
        flights.append(
            Flight(arrival: now + delay, ordinal: nextOrdinal, from: from, to: to, parcel: parcel))
        nextOrdinal += 1
    }

    private mutating func deliver(_ flight: Flight) {
        guard group[flight.from] == group[flight.to] else { return }
        do throws(FormatError) {
            switch flight.parcel {
            case .datagram(let bytes):
                let datagram = try Datagram(bytes, cluster: 7)
                handle(
                    .datagramReceived(datagram, from: endpoint(flight.from)), at: flight.to)
            case .pushPull(let bytes):
                var reader = ByteReader(bytes)
                let exchange = try PushPull(from: &reader)
                let sender = processes[flight.from]?.local.id ?? id(flight.from)
                handle(.pushPullReceived(exchange, from: sender), at: flight.to)
            case .openLink(let peer):
                handle(.linkOpened(peer), at: flight.to)
            case .brokenLink(let peer):
                handle(.linkFailed(peer), at: flight.to)
            }
        } catch {
            Issue.record("an encoded message is refused: \(error)")
        }
    }
}
