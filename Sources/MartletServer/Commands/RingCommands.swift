// MARTLET.CLUSTER: how operators change the ring, and see partitions move. Changes are staged at
// the node asked, which plans them, and has the members decide on them.
internal import MartletBase
internal import MartletNode
internal import MartletRESP
internal import MartletRing
internal import MartletViews

enum RingCommands {
    /// `MARTLET.CLUSTER JOIN node`.
    static func join(_ call: CommandCall) -> CommandPlan { stage(.join(call[2].text)) }

    /// `MARTLET.CLUSTER LEAVE node`.
    static func leave(_ call: CommandCall) -> CommandPlan { stage(.leave(call[2].text)) }

    /// `MARTLET.CLUSTER REMOVE node`.
    static func remove(_ call: CommandCall) -> CommandPlan { stage(.remove(call[2].text)) }

    /// `MARTLET.CLUSTER REPLACE old new`.
    static func replace(_ call: CommandCall) -> CommandPlan {
        stage(.replace(call[2].text, by: call[3].text))
    }

    /// `MARTLET.CLUSTER WEIGHT node weight`.
    static func weigh(_ call: CommandCall) throws(CommandError) -> CommandPlan {
        var cursor = call.options(from: 3)
        let weight = try cursor.integer("weight", in: 1...Int64(UInt32.max))
        return stage(.weigh(call[2].text, weight: UInt32(weight)))
    }

    /// `MARTLET.CLUSTER ZONE node zone`.
    static func rezone(_ call: CommandCall) -> CommandPlan {
        stage(.rezone(call[2].text, zone: call[3].text))
    }

    /// `MARTLET.CLUSTER REPLICAS n`.
    static func rereplicate(_ call: CommandCall) throws(CommandError) -> CommandPlan {
        var cursor = call.options(from: 2)
        let limit = Int64(Topology.replicaCountLimit)
        return stage(.replicas(Int(try cursor.integer("replicas", in: 1...limit))))
    }

    /// `MARTLET.CLUSTER COMMIT [epoch]`.
    static func commit(_ call: CommandCall) throws(CommandError) -> CommandPlan {
        guard call.count <= 3 else { throw .wrongArity("martlet.cluster|commit") }
        if call.count == 2 { return .operate(.ring(.commit(epoch: nil))) }
        var cursor = call.options(from: 2)
        let epoch = try cursor.integer("epoch", in: 1...Int64.max)
        return .operate(.ring(.commit(epoch: UInt64(epoch))))
    }

    private static func stage(_ order: RingOrder) -> CommandPlan { .operate(.ring(.stage(order))) }
}

extension CommandTable {
    static let ringSubcommands: [CommandSpec] = [
        CommandSpec(
            "martlet.cluster|join", 3, "admin", syntax: "name-or-id",
            "Stages that a node that runs and is of no ring joins; tells all that is staged.",
            plan: RingCommands.join),
        CommandSpec(
            "martlet.cluster|leave", 3, "admin", syntax: "name-or-id",
            "Stages that a member that runs leaves, once it has handed over all that it holds.",
            plan: RingCommands.leave),
        CommandSpec(
            "martlet.cluster|remove", 3, "admin", syntax: "name-or-id",
            "Stages that a member is gone for good: its copies are made again from the others'.",
            plan: RingCommands.remove),
        CommandSpec(
            "martlet.cluster|replace", 4, "admin", syntax: "old new",
            "Stages that a node of no ring takes the place of a member, which leaves.",
            plan: RingCommands.replace),
        CommandSpec(
            "martlet.cluster|weight", 4, "admin", syntax: "name-or-id weight",
            "Stages a member's weight: its share relative to others'.", plan: RingCommands.weigh),
        CommandSpec(
            "martlet.cluster|zone", 4, "admin", syntax: "name-or-id zone",
            "Stages in which zone a member stands.", plan: RingCommands.rezone),
        CommandSpec(
            "martlet.cluster|replicas", 3, "admin", syntax: "n",
            "Stages how many homes each partition has.", plan: RingCommands.rereplicate),
        CommandSpec(
            "martlet.cluster|plan", 2, "admin", "What the staged changes come to, as JSON.",
            plan: .operate(.ring(.plan))),
        CommandSpec(
            "martlet.cluster|commit", -2, "admin", syntax: "[epoch]",
            "Has the members decide that the staged changes are the next epoch, the one named "
                + "where one is; partitions move from then on. Replies `OK` and the epoch.",
            plan: RingCommands.commit),
        CommandSpec(
            "martlet.cluster|clear", 2, "admin", "Forgets what is staged.",
            plan: .operate(.ring(.clear))),
        CommandSpec(
            "martlet.cluster|cancel", 2, "admin",
            "Has the members decide that what moves goes back to where it was.",
            plan: .operate(.ring(.cancel))),
        CommandSpec(
            "martlet.cluster|transfers", 2, "loading stale",
            "What moves to this node and away from it, as JSON.", plan: .show(.transfers)),
        help(of: "martlet.cluster"),
    ]
}

extension ClientSession {
    /// Asks for a change of the ring; what members must decide is replied to once they have.
    func change(_ request: RingRequest) throws(CommandError) {
        guard target.topology != nil else { throw .noCluster }
        let ticket = reserve()
        target.ask(.ring(request)) { [self] reply in
            guard case .ring(let reply) = reply else { return }
            fulfil(ticket) { write(reply, to: &$0) }
        }
    }

    private func write(_ reply: RingReply, to writer: inout ReplyWriter) {
        switch reply {
        case .staged(let changes):
            writer.writeArrayHeader(changes.count)
            for change in changes { writer.writeBulk("\(change)") }
        case .planned(let proposal):
            writer.writeBulk(JSONText.line(PlanView(proposal, core: target.core)))
        case .decided(let epoch): writer.writeSimple("OK \(epoch)")
        case .refused(let reason): CommandError(reason).write(to: &writer)
        }
    }

    func showTransfers() {
        survey({ TransfersView($0.core) }) { views, writer in
            writer.writeBulk(JSONText.line(TransfersView(joining: views)))
        }
    }
}
