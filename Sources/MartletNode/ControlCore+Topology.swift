// How a node comes to its ring: it creates one when an operator says so, or adopts what another
// node knows. The higher epoch of the same cluster wins; liveness never changes it.
internal import MartletAntiEntropy
internal import MartletBase
internal import MartletMembership
internal import MartletReplication
internal import MartletRing
internal import MartletStorage
internal import MartletWire

extension ControlCore {
    /// The most epochs that a ring may be ahead of the one that it replaces: more can have been
    /// decided only over years, and one that claims it is not believed.
    static let epochStep: UInt64 = 1 << 20

    /// Makes the first topology from the members known here.
    mutating func create(
        _ request: CreationRequest, _ view: inout ControlView, at now: Moment,
        into work: inout Work
    ) -> CreationOutcome {
        if let topology = view.topology {
            return .refused(
                "the cluster exists already: it has \(topology.members.count) members in epoch "
                    + "\(topology.epoch)")
        }
        let members = membership.members
        let alive = members.filter { $0.state == .alive }
        guard members.count == request.memberCount, alive.count == members.count else {
            let names = members.map { "\($0.name) (\($0.state))" }.joined(separator: ", ")
            return .refused(
                "\(request.memberCount) members are expected and this node knows "
                    + "\(members.count), \(alive.count) of them alive: \(names). Start the "
                    + "missing ones, or say how many there are")
        }
        do {
            let plan = try Planner.plan(
                members: members.map {
                    RingMember(id: $0.id, name: $0.name, zone: $0.zone, weight: $0.weight)
                },
                replicaCount: request.replicaCount, partitionCount: request.partitionCount,
                clusterName: identity.clusterName, clusterID: random.next(),
                secret: request.secret)
            let isKept = adopt(plan.topology, &view, at: now, into: &work)
            drainChain(&view, at: now, into: &work)
            guard isKept else {
                return .refused("the storage refuses to keep the ring: see the node's log")
            }
            spread(plan.topology, into: &work)
            return .created(warnings: plan.warnings.map { "\($0)" })
        } catch {
            return .refused("\(error)")
        }
    }

    /// Another node's ring: adopted when it is newer, of this cluster, and comes from one that
    /// knows its secret. The first that a node hears of must name whoever sends it.
    mutating func consider(
        _ offered: Topology, from sender: NodeID, _ view: inout ControlView, at now: Moment,
        into work: inout Work
    ) {
        guard offered.clusterName == identity.clusterName else {
            work.note(.conflict("\(sender) offers a ring of cluster \(offered.clusterName)"))
            return
        }
        if let topology = view.topology {
            guard offered.clusterID == topology.clusterID,
                offered.epoch != topology.epoch || offered.digest == topology.digest
            else {
                work.note(
                    .conflict(
                        "\(sender) offers another ring of epoch \(offered.epoch): the cluster was "
                            + "created twice; wipe the nodes of one of the two"))
                return
            }
            guard offered.epoch > topology.epoch else { return }
            guard offered.secret == topology.secret,
                offered.epoch - topology.epoch <= Self.epochStep
            else {
                return refuse(offered, from: sender, view, into: &work)
            }
        } else if offered.member(sender) == nil {
            return refuse(offered, from: sender, view, into: &work)
        } else if offered.member(identity.id) == nil,
            let owner = offered.members.first(where: { $0.name == identity.name })
        {
            work.note(.nameTaken(by: owner.id))
            return
        }
        marks.occurred(view.topology == nil ? .ringLearnt : .ringReplaced)
        _ = adopt(offered, &view, at: now, into: &work)
        drainChain(&view, at: now, into: &work)
    }

    private mutating func refuse(
        _ offered: Topology, from sender: NodeID, _ view: ControlView, into work: inout Work
    ) {
        marks.occurred(.ringDisbelieved)
        let present = view.topology.map { "of the ring of epoch \($0.epoch)" } ?? "of it"
        work.note(
            .conflict(
                "\(sender) offers a ring of epoch \(offered.epoch) that no member \(present) can "
                    + "have sent: it is not believed"))
    }

    /// Keeps the topology, on disk too and synced in every sync mode, since a cluster that loses
    /// power must not come back without its ring; false when the storage refuses.
    mutating func adopt(
        _ newer: Topology, _ view: inout ControlView, at now: Moment, into work: inout Work
    ) -> Bool {
        var batch = WriteBatch()
        batch.put(newer)
        do throws(WriteRefusal) { ringPosition = try engine.write(batch, isSynced: true) } catch {
            marks.occurred(.ringRefused)
            refusal = error
            work.note(.storageRefuses(error))
            return false
        }
        view.topology = newer
        view.clocks.keep(only: newer.members.map(\.id))
        work.note(.topologyAdopted(epoch: newer.epoch))
        ringKnown(newer, &view, at: now, into: &work)
        return true
    }

    /// Sends this node's ring to one that was heard to have an older one. One that has none
    /// believes members alone.
    func offer(
        _ topology: Topology?, to node: NodeID, at epoch: UInt64, into work: inout Work
    ) {
        guard let topology, epoch > 0 || topology.member(identity.id) != nil else { return }
        if epoch < topology.epoch {
            send(.topology(topology), to: node, into: &work)
        }
    }
}
