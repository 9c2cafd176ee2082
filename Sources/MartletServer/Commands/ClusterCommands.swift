// CLUSTER, as far as clients use it to find their way: every node is a master, of the slots that
// it is the first home of that answers; none has replicas, and no node ever says MOVED.
internal import MartletBase
internal import MartletNode
internal import MartletRESP
internal import MartletRing
internal import MartletWire

enum ClusterCommands {
    /// `CLUSTER KEYSLOT key`.
    static func slot(_ call: CommandCall) -> CommandPlan {
        .reply(.integer(Int64(Slot(ofKey: call[2]).index)))
    }
}

extension ClientSession {
    /// `CLUSTER INFO`.
    func showClusterState() {
        let core = target.core
        let map = core.topology.map { SlotMap($0, core: core) }
        let assigned = map == nil ? 0 : Slot.count
        var suspected = 0
        for run in map?.runs ?? [] where map?.member(of: run).state == .suspect {
            suspected += run.slots.count
        }
        let epoch = core.topology?.epoch ?? 0
        let fields: [(String, any CustomStringConvertible)] = [
            ("cluster_state", map == nil ? "fail" : "ok"),
            ("cluster_slots_assigned", assigned),
            ("cluster_slots_ok", assigned - suspected),
            ("cluster_slots_pfail", suspected),
            ("cluster_slots_fail", 0),
            ("cluster_known_nodes", shownMembers.count),
            ("cluster_size", map?.nodeCount ?? 0),
            ("cluster_current_epoch", epoch),
            ("cluster_my_epoch", epoch),
        ]
        let text = fields.map { "\($0.0):\($0.1)\r\n" }.joined()
        reply { $0.writeVerbatim(text) }
    }

    /// `CLUSTER MYID`.
    func showClusterName() {
        let name = target.core.identity.id.clusterName
        reply { $0.writeBulk(name) }
    }

    /// `CLUSTER FORGET id`: the node's CLUSTER replies leave out a member until it is back, so that
    /// clients do not try to connect to it. Ring and membership stay as they are.
    func leaveOut(_ name: String) throws(CommandError) {
        let core = target.core
        guard let member = core.members.first(where: { $0.id.clusterName == name }) else {
            throw CommandError("Unknown node \(Bytes(name.utf8.prefix(128)).text)")
        }
        guard member.id != core.identity.id else {
            throw CommandError("I tried hard but I can't forget myself...")
        }
        guard member.state == .unreachable else {
            throw CommandError(
                "\(member.name) is \(member.state): only a member that is away "
                    + "can be left out")
        }
        survey({ [id = member.id] in $0.registry?.forget(id) }) { $1.writeOK() }
    }

    /// The members that cluster clients are shown.
    private var shownMembers: [Member] {
        target.registry?.shown(target.core.members) ?? target.core.members
    }

    /// `CLUSTER NODES`: one line for each member.
    func showClusterNodes() {
        let core = target.core
        let map = core.topology.map { SlotMap($0, core: core) }
        let epoch = core.topology?.epoch ?? 0
        var text = ""
        for member in shownMembers {
            let client = member.clientEndpoint
            var flags = member.id == core.identity.id ? "myself,master" : "master"
            switch member.state {
            case .alive: break
            case .suspect: flags += ",fail?"
            case .unreachable, .forgotten: flags += ",fail"
            }
            let link = member.state == .unreachable ? "disconnected" : "connected"
            text += "\(member.id.clusterName) \(client.host):\(client.port)"
            text += "@\(member.peerEndpoint.port) \(flags) - 0 0 \(epoch) \(link)"
            for range in map?.ranges(of: member.id) ?? [] {
                text += " \(Self.text(of: range))"
            }
            text += "\n"
        }
        reply { $0.writeVerbatim(text) }
    }

    private static func text(of range: ClosedRange<Int>) -> String {
        range.count == 1
            ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
    }

    /// `CLUSTER SLOTS`: each run with its node.
    func showClusterSlots() throws(CommandError) {
        let map = try slotMap()
        reply { writer in
            writer.writeArrayHeader(map.runs.count)
            for run in map.runs {
                let member = map.member(of: run)
                writer.writeArrayHeader(3)
                writer.writeInteger(run.slots.lowerBound)
                writer.writeInteger(run.slots.upperBound)
                writer.writeArrayHeader(4)
                writer.writeBulk(member.clientEndpoint.host)
                writer.writeInteger(Int(member.clientEndpoint.port))
                writer.writeBulk(member.id.clusterName)
                writer.writeArrayHeader(0)
            }
        }
    }

    /// `CLUSTER SHARDS`: one shard for each member, of the slots that are sent to it.
    func showClusterShards() throws(CommandError) {
        let map = try slotMap()
        let members = shownMembers
        reply { writer in
            writer.writeArrayHeader(members.count)
            for member in members {
                let ranges = map.ranges(of: member.id)
                writer.writeMapHeader(2)
                writer.writeBulk("slots")
                writer.writeArrayHeader(2 * ranges.count)
                for range in ranges {
                    writer.writeInteger(range.lowerBound)
                    writer.writeInteger(range.upperBound)
                }
                writer.writeBulk("nodes")
                writer.writeArrayHeader(1)
                Self.writeShardNode(member, to: &writer)
            }
        }
    }

    private static func writeShardNode(_ member: Member, to writer: inout ReplyWriter) {
        writer.writeMapHeader(7)
        writer.writeBulk("id")
        writer.writeBulk(member.id.clusterName)
        writer.writeBulk("port")
        writer.writeInteger(Int(member.clientEndpoint.port))
        writer.writeBulk("ip")
        writer.writeBulk(member.clientEndpoint.host)
        writer.writeBulk("endpoint")
        writer.writeBulk(member.clientEndpoint.host)
        writer.writeBulk("role")
        writer.writeBulk("master")
        writer.writeBulk("replication-offset")
        writer.writeInteger(0)
        writer.writeBulk("health")
        writer.writeBulk(member.state == .unreachable ? "fail" : "online")
    }

    private func slotMap() throws(CommandError) -> SlotMap {
        let core = target.core
        guard let topology = core.topology else { throw .noCluster }
        return SlotMap(topology, core: core)
    }
}
