// What a node tells its operator, in the log: never as fast as others could have it do so.
internal import Logging
internal import MartletBase
internal import MartletMembership
internal import MartletNode
internal import MartletStorage
internal import MartletViews
internal import MartletWire
internal import NIOCore

extension NodeLoop {
    func tell(_ note: NodeNote, of place: Void) {
        switch note {
        case .memberChanged(let member):
            let text =
                "member \(member.name) (\(member.id)) at \(member.peerEndpoint) is \(member.state)"
            complain(.memberChanged, text, .info)
        case .topologyAdopted(let epoch):
            ringChanged()
            log.notice("adopted the ring of epoch \(epoch)")
        case .conflict(let text): complain(.conflict, text, .error)
        case .clockStands(let standing): log(standing)
        case .hasLeft:
            let text =
                "the node has left the cluster: it serves nobody any more and can be stopped. To "
                + "join again it starts with an empty data directory"
            log.notice("\(text)")
        case .nameTaken(let owner): giveUp(.nameTaken(core.identity, by: owner))
        case .storageRefuses(let refusal?):
            complain(.storage, "writes are refused: \(refusal)", .error)
        case .storageRefuses(nil): complain(.storage, "writes are accepted again", .notice)
        case .valuesRefused(let refusal?):
            complain(.storage, "clients' values are refused: \(refusal)", .error)
        case .valuesRefused(nil):
            complain(.storage, "clients' values are accepted again", .notice)
        case .storageDamaged(let range):
            let text = """
                \(range.file) is damaged (\(range.reason)): what it held of \
                \(range.ranks.lowerBound) to \(range.ranks.upperBound) is lost here
                """
            complain(.storage, text, .error)
        }
    }

    private func log(_ standing: ClockStanding) {
        switch standing {
        case .odd(let ahead):
            complain(
                .clock,
                """
                this node's wall clock is \(TimeText.ahead(ahead)) the middle of the cluster's: \
                the node goes by that, hands writes on and removes nothing until it is set right
                """, .error)
        case .leapt:
            complain(
                .clock,
                """
                the wall clock has leapt, and no other node can say whether it is right: nothing \
                is removed for \(ClockWatch.doubtAfterLeap.components.seconds) s
                """, .error)
        case .alone, .agreed: complain(.clock, "the wall clock is in order", .notice)
        }
    }

    /// The address for a log or a list; empty for none.
    static func text(of address: SocketAddress?) -> String {
        address.flatMap { Endpoint($0) }.map { "\($0)" } ?? ""
    }

    func noteRefusedPeer(_ address: SocketAddress?, _ reason: String) {
        complain(
            .refusedPeer, "refused a peer connection from \(Self.text(of: address)): \(reason)")
    }

    func noteHTTP(from address: String) {
        complain(
            .http,
            "closed the client connection from \(address): it speaks HTTP; somebody may make a "
                + "browser send commands")
    }

    func noteBadDatagram(_ address: SocketAddress, _ error: FormatError) {
        complain(.badDatagram, "dropped a datagram from \(Self.text(of: address)): \(error)")
    }

    /// Logs what may repeat itself, but never as fast as it does.
    func complain(
        _ kind: ComplaintThrottle.Kind, _ text: String, _ level: Logger.Level = .warning
    ) {
        guard let leftOut = complaints.admit(kind, at: now.instant) else { return }
        let more = leftOut > 0 ? " (and \(leftOut) more like it)" : ""
        log.log(level: level, "\(text)\(more)")
    }
}
