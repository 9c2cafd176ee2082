// How what a replica holds is changed: a client's write, what other nodes send, and the marks of
// what is owed to others.
internal import MartletBase
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

extension Replica {
    /// Runs a client's write here, under a new dot: as a home, or in the place of `heldFor` and
    /// then on all that this node holds of the key for any of its `homes`. The homes in `owed` are
    /// left with nobody to hold it for them, so the same atomic step marks that this node owes it
    /// to them. Its timestamp is `date` where the node that was asked has given it one.
    mutating func mutate(
        _ mutation: Mutation, dated date: HybridTimestamp?, at location: Location, homes: [NodeID],
        heldFor: NodeID?, owed: [NodeID], at wall: WallTime
    ) throws(ReplicaFailure) -> AppliedMutation {
        if case .value = mutation.content { try checkSpace() }
        let issuesAsHome = heldFor == nil && issuesDots
        let target = try target(at: location, heldFor: heldFor, owed: owed)
        var object = pruned(target)
        if !issuesAsHome { object.merge(try everything(at: location, homes: homes)) }
        let replacedValue = !object.isAbsent(at: wall)
        let horizon = object.horizon
        clock.observe(horizon, at: wall)
        let issued = issuesAsHome ? dots : standInDots.source
        let claimed = object.counter(of: issued.actor)
        guard claimed <= issued.counter + Self.leapLimit else {
            throw .refused(
                .invalidOptions("a context that was handed in claims writes that never were"))
        }
        let seen = seen(by: mutation, of: object, over: target.held, issued: issued)
        let known = max(claimed, seen?.counter(of: issued.actor) ?? 0)
        let dot = issuesAsHome ? dots.next(beyond: known) : standInDots.next(beyond: known)
        let timestamp =
            date.map { clock.date($0, above: horizon, at: wall) } ?? clock.next(at: wall)
        let sibling = Sibling(
            dot: dot, timestamp: timestamp, content: mutation.content, expiry: mutation.expiry)
        let knownActors = object.actorCount
        object.record(sibling, seen: seen)
        if heldFor == nil { object.dropSettledTombstones(settled[location.partition]) }
        if let excess = excess(in: object, knownActors: knownActors) { throw .refused(excess) }
        let position = try store(object, in: target)
        return AppliedMutation(
            applied: Applied(object: object, position: position), dot: dot,
            replacedValue: replacedValue)
    }

    /// What is held at `target`, as a home without the actors that say nothing any more.
    private mutating func pruned(_ target: Target) -> Object {
        guard target.hint == nil else { return target.held }
        var object = target.held
        object.pruneSettled(settled[target.location.partition])
        marks.occurred(.contextPruned, if: object.actorCount < target.held.actorCount)
        return object
    }

    /// Which limit a client's write has taken the object beyond.
    private func excess(in object: Object, knownActors: Int) -> RequestError? {
        if object.actorCount > max(options.contextLimit, knownActors + 1) {
            return .invalidOptions(
                "the context that was handed in leaves more than \(options.contextLimit) actors")
        }
        if object.siblingCount > options.siblingLimit {
            return .tooManySiblings(limit: options.siblingLimit)
        }
        if object.valueByteCount > options.objectLimitBytes {
            return .tooLarge(what: "key with its siblings", limit: options.objectLimitBytes)
        }
        return nil
    }

    /// What a write replaces; nil for all that there is. Which dots of its own there are this node
    /// knows: a context that claims to have seen later ones would make writes to come look old.
    /// Nor is it to bring back the actors that were `held` and are pruned.
    private func seen(
        by mutation: Mutation, of object: Object, over held: Object, issued: DotSource
    ) -> Context? {
        guard case .seen(var context) = mutation.causality else { return nil }
        context.limit(issued.actor, to: max(issued.counter, object.counter(of: issued.actor)))
        if held.actorCount != object.actorCount {
            context.forget(held.context, but: object.context)
        }
        return context
    }

    /// Merges what another node sent. Nothing is logged when it brings nothing new: then the
    /// answer waits only for what is in the log already.
    mutating func merge(_ put: ReplicaPut, at location: Location, at wall: WallTime)
        throws(ReplicaFailure) -> Applied
    {
        if put.purpose == .write, put.object.holdsValue { try checkSpace() }
        if let heldFor = put.heldFor {
            if heldFor == local {
                throw .refused(.invalidOptions("a node keeps no hints for itself"))
            }
            // The latest version is the one that is new; all others some home has seen.
            if put.object.horizon <= floor {
                marks.occurred(.fallbackRefusedOld)
                throw .refused(.clockSkew)
            }
        }
        return try merge(put.object, at: location, heldFor: put.heldFor, at: wall)
    }

    /// Merges `object` into what is held here: as a home, or in the place of `heldFor`.
    mutating func merge(
        _ object: Object, at location: Location, heldFor: NodeID?, at wall: WallTime
    ) throws(ReplicaFailure) -> Applied {
        let target = try target(at: location, heldFor: heldFor, owed: [])
        var join = join(target.held, object, in: target)
        marks.occurred(.staleMerge, if: join.isStale)
        object.forEachTimestamp { clock.observe($0, at: wall) }
        if join.merged == target.held {
            return Applied(
                object: target.held, position: engine.appended, isStale: join.isStale)
        }
        // Something is written in any case, so that what is settled is pruned on the way.
        let pruned = pruned(target)
        if pruned != target.held { join = self.join(pruned, object, in: target) }
        let position = try store(join.merged, in: target)
        return Applied(object: join.merged, position: position, isStale: join.isStale)
    }

    /// What `held` and `object` come to at `target`; and whether some of `object` is no news to a
    /// home, since it was here and was removed.
    private func join(
        _ held: Object, _ object: Object, in target: Target
    ) -> (merged: Object, isStale: Bool) {
        var merged = held
        guard target.hint == nil else {
            merged.merge(object)
            return (merged, false)
        }
        let watermark = settled[target.location.partition]
        let news = object.news(to: held, settled: watermark)
        if var news {
            news.pruneSettled(watermark)
            merged.merge(news)
        }
        merged.dropSettledTombstones(watermark)
        return (merged, news != object)
    }

    /// Notes that this node owes `written` to other homes, with all that it holds beside it, as a
    /// home or in the place of `heldFor`: nobody else holds it for them. A hint for `heldFor` may
    /// have gone home since.
    mutating func owe(
        _ written: Object, to homes: [NodeID], at location: Location, heldFor: NodeID?
    ) throws(ReplicaFailure) {
        let target = try target(at: location, heldFor: heldFor, owed: homes)
        var object = target.held
        object.merge(written)
        var step = Replica.Step()
        mark(object, owedIn: target, in: &step)
        try take(step)
    }
}
