// One membership under a test's hand: events in, effects out as lines that read like a protocol.
//
//     ping n2 #1 -> n2 [n1.1 n3.1?]      a datagram: kind, sequence in order of appearance,
//                                        destination, piggybacked members
//     n3.1?                              member n3, incarnation 1; ? suspect, ! unreachable,
//                                        † forgotten
import MartletBase
import MartletMembership
import MartletWire

/// The id of the n-th node.
func id(_ number: Int) -> NodeID { NodeID(rawValue: UInt64(number)) }

/// Where the n-th node listens.
func endpoint(_ number: Int) -> Endpoint {
    Endpoint(host: "10.0.0.\(number)", port: 7_401)
}

/// The n-th node's record.
func member(
    _ number: Int, _ state: MemberState = .alive, incarnation: UInt64 = 1, name: String? = nil,
    at address: Int? = nil
) -> Member {
    Member(
        id: id(number), name: name ?? "n\(number)", zone: "z", weight: 1,
        peerEndpoint: endpoint(address ?? number),
        clientEndpoint: Endpoint(host: "10.0.0.\(number)", port: 7_400),
        incarnation: incarnation, state: state)
}

extension MemberState {
    /// What a node finds out by itself.
    static let believed: [MemberState] = [.alive, .suspect, .unreachable]
}

/// `milliseconds` after the start of time.
func at(_ milliseconds: UInt64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

/// A membership, and the names that its transcript has given to sequence numbers.
struct Transcript {
    var membership: Membership
    var sequences: [UInt64] = []
    /// Whether a link to whoever is to be met opens at once; its consequences stand in the place of
    /// that effect, but for the word that goes with every link.
    var linksAtOnce = true

    /// Node 1, started at 0 ms with what it then sends thrown away; it learns `members` from a
    /// full exchange with node 2, of which nothing is kept either.
    init(
        seeds: [Int] = [], knowing members: [Member] = [],
        options: MembershipOptions = MembershipOptions(), seed: UInt64 = 1
    ) {
        membership = Membership(
            local: member(1), seeds: seeds.map(endpoint), options: options,
            random: SeededRandom(seed: seed))
        guard !members.isEmpty else { return }
        _ = handle(.started, at: 0)
        for member in members { _ = handle(.linkOpened(member.id), at: 0) }
        let everyone = ([membership.local] + members).sorted { $0.id < $1.id }
        let view = PushPull(members: everyone, wantsReply: false, epoch: 0)
        _ = handle(.pushPullReceived(view, from: id(2)), at: 0)
    }

    /// The effects of one event.
    mutating func handle(_ event: Membership.Event, at time: UInt64) -> [Membership.Effect] {
        var effects: [Membership.Effect] = []
        membership.handle(event, at: at(time), into: &effects)
        membership.checkInvariants()
        return linksAtOnce ? linked(effects, at: time) : effects
    }

    private mutating func linked(
        _ effects: [Membership.Effect], at time: UInt64
    ) -> [Membership.Effect] {
        var all: [Membership.Effect] = []
        for effect in effects {
            guard case .meet(let member) = effect else {
                all.append(effect)
                continue
            }
            all += handle(.linkOpened(member.id), at: time).filter {
                if case .sendPushPull(let word, _) = $0 { word.wantsReply } else { true }
            }
        }
        return all
    }

    /// The same as lines.
    mutating func lines(_ event: Membership.Event, at time: UInt64) -> [String] {
        handle(event, at: time).map { line($0) }
    }

    /// The effects of a datagram from node `sender`, with its own record first.
    mutating func hear(
        _ kind: Datagram.Kind, _ sequence: UInt64, from sender: Member,
        telling members: [Member] = [], epoch: UInt64 = 0, wall: UInt64 = 0, at time: UInt64
    ) -> [String] {
        var datagram = Datagram(
            sender: sender.id, sequence: sequence, epoch: epoch, kind: kind,
            members: [sender] + members)
        datagram.wall = WallTime(milliseconds: wall)
        return lines(.datagramReceived(datagram, from: sender.peerEndpoint), at: time)
    }

    /// Lets time pass tick by tick until `time`; all effects as lines behind their milliseconds.
    mutating func pass(until time: UInt64) -> [String] {
        var all: [String] = []
        while membership.nextWakeup <= at(time) {
            let now = membership.nextWakeup.nanoseconds / 1_000_000
            var effects: [Membership.Effect] = []
            membership.handle(.ticked, at: membership.nextWakeup, into: &effects)
            membership.checkInvariants()
            all.append(contentsOf: effects.map { "\(now): \(line($0))" })
        }
        return all
    }

    /// The sequence number that the transcript calls `#number`.
    func sequence(_ number: Int) -> UInt64 { sequences[number - 1] }

    private mutating func line(_ effect: Membership.Effect) -> String {
        switch effect {
        case .sendDatagram(let datagram, let endpoint):
            "\(line(datagram.kind)) #\(name(datagram.sequence)) -> \(name(endpoint))"
                + " \(line(datagram.members))"
        case .sendPushPull(let exchange, let receiver):
            "push/pull\(exchange.wantsReply ? "?" : "") -> n\(receiver.rawValue)"
                + " \(line(exchange.members))"
        case .meet(let member): "meet \(line(member))"
        case .forget(let id): "forget n\(id.rawValue)"
        case .memberChanged(let member): "changed \(line(member))"
        case .epochSeen(let sender, let epoch): "epoch \(epoch) at n\(sender.rawValue)"
        case .conflict(let text): "conflict: \(text)"
        case .clockRead(let node, let wall, let askedAt):
            "clock of n\(node.rawValue): \(wall.milliseconds), asked at "
                + "\(askedAt.nanoseconds / 1_000_000)"
        case .nameTaken(let owner): "name taken by n\(owner.rawValue)"
        }
    }

    private mutating func name(_ sequence: UInt64) -> Int {
        if let index = sequences.firstIndex(of: sequence) { return index + 1 }
        sequences.append(sequence)
        return sequences.count
    }

    private func name(_ endpoint: Endpoint) -> String {
        "n" + endpoint.host.drop { $0 != "." }.dropFirst(5)
    }

    private func line(_ kind: Datagram.Kind) -> String {
        switch kind {
        case .ping(target: nil): "ping anyone"
        case .ping(target: let target?): "ping n\(target.rawValue)"
        case .pingRequest(let target): "ping-req n\(target.rawValue)"
        case .ack: "ack"
        case .nameTaken(let owner): "name taken by n\(owner.rawValue)"
        }
    }

    private func line(_ member: Member) -> String {
        let mark =
            [MemberState.alive: "", .suspect: "?", .unreachable: "!", .forgotten: "†"][member.state]
            ?? ""
        return "n\(member.id.rawValue).\(member.incarnation)\(mark)"
    }

    private func line(_ members: [Member]) -> String {
        "[" + members.map { line($0) }.joined(separator: " ") + "]"
    }
}
