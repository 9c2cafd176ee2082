// MARTLET.RING, STATUS, KEY, CREATE and FORGET: what operators and the CLI ask of a node. The first
// three answer one bulk string of JSON, the types of which are in MartletViews.
internal import MartletBase
internal import MartletNode
internal import MartletRESP
internal import MartletRing
internal import MartletViews

enum AdministrationCommands {
    /// `MARTLET.RING [JSON | FULL]`: FULL adds the homes of every partition.
    static func ring(_ call: CommandCall) throws(CommandError) -> CommandPlan {
        var cursor = call.options(from: 1)
        let option = cursor.nextKeyword()
        guard cursor.count == 0 else { throw .wrongArity("martlet.ring") }
        switch option {
        case nil, "JSON": return .show(.ring(includesHomes: false))
        case "FULL": return .show(.ring(includesHomes: true))
        default: throw .syntax
        }
    }

    /// `MARTLET.CREATE members [N n] [PARTITIONS q]`.
    static func create(_ call: CommandCall) throws(CommandError) -> CommandPlan {
        var cursor = call.options(from: 1)
        let members = try cursor.integer("members", in: 1...Int64(Topology.memberLimit))
        var replicas: Int?
        var partitions: PartitionCount?
        while let option = cursor.nextKeyword() {
            switch option {
            case "N":
                let limit = Int64(Topology.replicaCountLimit)
                replicas = Int(try cursor.integer("N", in: 1...limit))
            case "PARTITIONS":
                guard let count = PartitionCount(Int(try cursor.integer())) else {
                    throw CommandError("PARTITIONS must be a power of two from 1 to 16384")
                }
                partitions = count
            default: throw .syntax
            }
        }
        return .operate(
            .create(
                memberCount: Int(members), replicaCount: replicas, partitionCount: partitions))
    }
}

extension ClientSession {
    func perform(_ act: OperatorAct) throws(CommandError) {
        switch act {
        case .create(let memberCount, let replicaCount, let partitionCount):
            var entropy = SystemRandomNumberGenerator()
            var request = CreationRequest(
                memberCount: memberCount, secret: .drawn(by: &entropy))
            if let replicaCount { request.replicaCount = replicaCount }
            if let partitionCount { request.partitionCount = partitionCount }
            create(request)
        case .forget(let member): forget(member)
        case .compare(let partitions): compare(partitions)
        case .ring(let request): try change(request)
        case .leaveOut(let name): try leaveOut(name)
        }
    }

    /// Replies with a map of the ring's epoch and the warnings.
    private func create(_ request: CreationRequest) {
        let ticket = reserve()
        target.ask(.create(request)) { [self] reply in
            guard case .created(let outcome) = reply else { return }
            fulfil(ticket) { writer in
                switch outcome {
                case .created(let warnings):
                    writer.writeMapHeader(2)
                    writer.writeBulk("epoch")
                    writer.writeInteger(Int(clamping: target.core.topology?.epoch ?? 0))
                    writer.writeBulk("warnings")
                    writer.writeArrayHeader(warnings.count)
                    for warning in warnings { writer.writeBulk(warning) }
                case .refused(let reason): CommandError(reason).write(to: &writer)
                }
            }
        }
    }

    private func forget(_ member: String) {
        let ticket = reserve()
        target.ask(.forget(member)) { [self] reply in
            guard case .forgotten(let refusal) = reply else { return }
            fulfil(ticket) { writer in
                guard let refusal else { return writer.writeOK() }
                CommandError(refusal).write(to: &writer)
            }
        }
    }

    func showRing(includesHomes: Bool) {
        let look = { @Sendable (target: any CommandTarget) in
            RingView.Watermarks(target.core, includesHomes: includesHomes, at: target.now)
        }
        survey(look) { [self] watermarks, writer in
            let view = RingView(
                target.core, watermarks: watermarks, includesHomes: includesHomes, at: target.now)
            writer.writeBulk(view.json)
        }
    }

    func showStatus() {
        survey(Self.figures) { all, writer in
            writer.writeBulk(JSONText.line(NodeFigures(joining: all).status))
        }
    }

    /// Tells where `key` lives.
    func showPlacement(of key: Bytes) throws(CommandError) {
        let core = target.core
        guard let topology = core.topology else { throw .noCluster }
        let json = JSONText.line(KeyView(key, topology: topology, core: core))
        reply { $0.writeBulk(json) }
    }
}
