// The views of anti-entropy, made from a node's core.
internal import MartletAntiEntropy
internal import MartletBase
internal import MartletNode
internal import MartletReplication
internal import MartletStorage
internal import MartletVersions

extension SettledView {
    /// The watermarks of the node that `core` is.
    init(_ core: NodeCore, at now: Moment) {
        let ages = core.watermarkAges(at: now.wall)
        partitions = ages.partitions
        unproven = ages.unproven
        doubted = ages.doubted
        leastAge = ages.least
        medianAge = ages.median
        mostAge = ages.most
    }
}

extension RepairView {
    /// What anti-entropy does at the node that `core` is, `begun` of it just now.
    init(_ core: NodeCore, begun: Int, of partitions: [UInt16]?) {
        let names = NodeNames(core)
        let counters = core.antiEntropyCounters
        let activity = core.exchangeActivity
        node = core.identity.name
        self.begun = begun
        waiting = activity.waiting
        underWay = activity.underWay
        pushing = core.pushCount
        away = core.away(from: partitions).map { names.name(of: $0) }.sorted()
        comparisons = counters.comparisons
        differences = counters.differences
        leavesRead = counters.leavesRead
        objectsFound = counters.objectsFound
        pushes = core.counters.pushes
        removals = core.counters.removals
        bytesSent = counters.bytesSent
        advances = counters.advances
        treesBuilt = core.engine.counters.treeBuilds
        treesMended = core.engine.counters.mendedTrees
        treeBytes = core.engine.treeBytes
    }
}

extension ExplanationView {
    /// What the node that `core` is holds of a key and knows of its partition.
    init(_ holdings: KeyHoldings, core: NodeCore, at now: Moment) {
        let names = NodeNames(core)
        let condition = core.condition(of: holdings.partition)
        node = core.identity.name
        at = now.wall.milliseconds
        isHome = condition != nil
        object = Object(holdings.object, at: now.wall)
        hints = holdings.hints.map { hint in
            Hint(
                home: names.name(of: hint.home),
                object: hint.object.flatMap { Object($0, at: now.wall) })
        }
        isDamaged = holdings.isDamaged
        settling = condition.map { Settling($0, names: names, at: now) }
        keptBy =
            isHome && !holdings.object.isEmpty
            ? core.obstacles(toRemoving: holdings, at: now.wall).map(Self.text) : nil
    }

    private static func text(_ obstacle: RemovalObstacle) -> String {
        switch obstacle {
        case .value: "it holds a value"
        case .expiry(let until):
            "a value in it expires and is kept until \(TimeText.utc(until.milliseconds))"
        case .unsettled(let horizon):
            "a version of \(TimeText.utc(horizon.wall.milliseconds)) that it covers is later than "
                + "the watermark"
        case .doubted: "the node has lost data and is not yet found equal to all other homes"
        }
    }
}

extension ExplanationView.Object {
    /// Nil for the empty object.
    fileprivate init?(_ object: Object, at wall: WallTime) {
        if object.isEmpty { return nil }
        context = object.context.entries.map {
            ExplanationView.Seen(actor: $0.actor.description, counter: $0.counter)
        }
        horizon = object.context.horizon.wall.milliseconds
        siblings = object.siblings.map { ExplanationView.Sibling($0, at: wall) }
    }
}

extension ExplanationView.Sibling {
    fileprivate init(_ sibling: Sibling, at wall: WallTime) {
        dot = sibling.dot.description
        writtenAt = sibling.timestamp.wall.milliseconds
        expiresAt = sibling.expiry?.milliseconds
        switch sibling.content {
        case .value(let value):
            content = sibling.value(at: wall) == nil ? "expired" : "value"
            bytes = value.count
        case .tombstone: content = "tombstone"
        }
    }
}

extension ExplanationView.Settling {
    fileprivate init(_ condition: PartitionCondition, names: NodeNames, at now: Moment) {
        let proven = condition.watermark.wall.milliseconds
        watermark = proven > 0 ? proven : nil
        isDoubted = condition.isDoubted
        provable = condition.provable.map { $0.wall.milliseconds }
        heldBackBy = condition.obstacles.map { Self.text($0, names) }
        comparedAgo = condition.comparedAt.map { now.instant.since($0).milliseconds }
        equalAgo = condition.equalAt.map { now.instant.since($0).milliseconds }
        tree = condition.tree.map {
            ExplanationView.Tree(
                root: NodeID(rawValue: $0.root).description, count: $0.count, depth: $0.depth)
        }
    }

    private static func text(
        _ obstacle: PartitionCondition.Obstacle, _ names: NodeNames
    ) -> String {
        switch obstacle {
        case .silent(let node): "\(names.name(of: node)) has promised nothing yet"
        case .hinting(let node): "\(names.name(of: node)) keeps hints in the partition"
        case .unreachable(let node): "\(names.name(of: node)), a home, cannot be reached"
        case .treeUnknown: "the Merkle tree is being made anew"
        case .uncompared: "not compared with another home since the node started"
        case .differing: "not the same as another home when last compared"
        case .followed(let node):
            "what differs from \(names.name(of: node)) is being looked at again"
        }
    }
}
