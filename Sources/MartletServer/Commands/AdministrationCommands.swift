// MARTLET.RING, STATUS, KEY and CREATE: what operators and the CLI ask of a node. The first three
// answer one bulk string of JSON, the types of which are in MartletViews.
internal import MartletBase
internal import MartletNode
internal import MartletRESP
internal import MartletRing
internal import MartletViews

extension ClientSession {
    /// `MARTLET.RING [JSON | FULL]`: FULL adds the homes of every partition.
    func martletRing(_ words: [Bytes]) throws(CommandError) {
        var includesHomes = false
        switch words.count {
        case 1: break
        case 2:
            switch Keyword(words[1]) {
            case "JSON": break
            case "FULL": includesHomes = true
            default: throw .syntax
            }
        default: throw .wrongArity("martlet.ring")
        }
        let look = { @Sendable [includesHomes] (target: any CommandTarget) in
            RingView.Watermarks(target.core, includesHomes: includesHomes, at: target.now)
        }
        survey(look) { [self, includesHomes] watermarks, writer in
            let view = RingView(
                target.core, watermarks: watermarks, includesHomes: includesHomes, at: target.now)
            writer.writeBulk(view.json)
        }
    }

    /// `MARTLET.STATUS`.
    func martletStatus() {
        survey(Self.figures) { all, writer in
            writer.writeBulk(JSONText.line(NodeFigures(joining: all).status))
        }
    }

    /// `MARTLET.KEY key`.
    func martletKey(_ words: [Bytes]) throws(CommandError) {
        let core = target.core
        guard let topology = core.topology else { throw .noCluster }
        reply(with: KeyView(words[1], topology: topology, core: core))
    }

    func reply(with view: some Encodable) {
        let json = JSONText.line(view)
        reply { $0.writeBulk(json) }
    }

    /// `MARTLET.FORGET name-or-id`.
    func martletForget(_ words: [Bytes]) throws(CommandError) {
        let ticket = reserve()
        target.ask(.forget(words[1].text)) { [self] reply in
            guard case .forgotten(let refusal) = reply else { return }
            fulfil(ticket) { writer in
                guard let refusal else { return writer.writeOK() }
                CommandError(refusal).write(to: &writer)
            }
        }
    }

    /// `MARTLET.CREATE members [N n] [PARTITIONS q]`: a map of the ring's epoch and the warnings.
    func martletCreate(_ words: [Bytes]) throws(CommandError) {
        var cursor = ArgumentCursor(words, from: 1)
        let members = try cursor.integer("members", in: 1...Int64(Topology.memberLimit))
        var entropy = SystemRandomNumberGenerator()
        var request = CreationRequest(
            memberCount: Int(members), secret: .drawn(by: &entropy))
        while let option = cursor.nextKeyword() {
            switch option {
            case "N":
                let limit = Int64(Topology.replicaCountLimit)
                request.replicaCount = Int(try cursor.integer("N", in: 1...limit))
            case "PARTITIONS":
                guard let count = PartitionCount(Int(try cursor.integer())) else {
                    throw CommandError("PARTITIONS must be a power of two from 1 to 16384")
                }
                request.partitionCount = count
            default: throw .syntax
            }
        }
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
}
