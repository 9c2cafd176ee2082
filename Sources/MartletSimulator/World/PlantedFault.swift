// Deliberate bugs, one for each checker to catch: the proof that it would. Only tests plant them,
// and only in debug builds; what is planted acts through the nodes' own storage and links.
internal import MartletBase
internal import MartletNode
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

/// A bug on purpose.
package enum PlantedFault: String, Hashable, Sendable, CaseIterable {
    /// A node stores a version that nobody wrote.
    case inventsVersion
    /// A node changes the value of a version and keeps its dot.
    case reusesDot
    /// A node brings back a version that another has replaced.
    case revivesVersion
    /// Every node drops the versions of a key and keeps its context.
    case losesVersions
    /// A node acknowledges what it throws away.
    case acknowledgesWithoutStoring
    /// Nodes take what is written for what is synced.
    case acknowledgesBeforeSync
    /// A node forgets a hint that nobody has taken.
    case forgetsHint
    /// Hints are lost on their way, for ever.
    case losesHints
    /// A node now and then answers nothing.
    case swallowsAnswer

    /// The promise that it breaks.
    package var breaks: Promise {
        switch self {
        case .inventsVersion: .nothingInvented
        case .reusesDot: .dotUniqueness
        case .revivesVersion: .clockFidelity
        case .losesVersions: .acknowledgedWrites
        case .acknowledgesWithoutStoring: .honestEvidence
        case .acknowledgesBeforeSync: .durableWrites
        case .forgetsHint: .hintsConserved
        case .losesHints: .convergence
        case .swallowsAnswer: .requestsAnswered
        }
    }
}

extension World {
    private static let plantInterval = Duration.milliseconds(200)

    /// Lets the planted fault spoil what it can; it tries again until a promise is broken.
    mutating func plantActs() {
        guard isRestless, let planted else { return }
        switch planted {
        case .inventsVersion, .reusesDot, .revivesVersion: spoilObject(planted)
        case .losesVersions: loseVersions()
        case .forgetsHint: forgetHint()
        default: break
        }
        queue.schedule(.plantActs, at: now + Self.plantInterval)
    }

    /// Whether a planted fault makes a message vanish on arrival.
    mutating func swallows(_ message: PeerMessage, from: Int, at node: Int) -> Bool {
        guard let planted, case .replicaPut(let put) = message else { return false }
        if planted == .losesHints { return put.purpose == .hint || put.purpose == .repair }
        guard planted == .acknowledgesWithoutStoring, put.purpose == .write, node == 0 else {
            return false
        }
        let reply = ReplicaPutReply(operation: put.operation, outcome: .stored)
        send(.replicaPutReply(reply), from: node, to: from)
        return true
    }

    private mutating func spoilObject(_ planted: PlantedFault) {
        for node in nodes where node.isUp {
            for (key, object) in mirror.objects(at: node.index, in: node.engine)
            where key.space == .objects {
                guard let spoilt = spoilt(object, of: key, at: node.index, planted) else {
                    continue
                }
                var batch = WriteBatch()
                batch.put(key, spoilt.encoded())
                _ = try? node.engine.write(batch)
                return
            }
        }
    }

    private mutating func spoilt(
        _ object: Object, of key: StorageKey, at node: Int, _ planted: PlantedFault
    ) -> Object? {
        guard var sibling = object.siblings.first else { return nil }
        var context = object.context
        switch planted {
        case .inventsVersion:
            sibling.dot.actor.node = NodeID(rawValue: 1)
            context.cover(sibling.dot)
            return Object(context: context, siblings: [sibling])
        case .reusesDot:
            sibling.timestamp.bits += 1
            return Object(context: context, siblings: [sibling] + object.siblings.dropFirst())
        default:
            guard let old = remembered else {
                remembered = (node, key, object)
                return nil
            }
            guard old.key == key, object.context != old.object.context,
                let gone = old.object.siblings.first, !object.dots.contains(gone.dot),
                history.closure(of: object.dots).contains(gone.dot)
            else { return nil }
            remembered = nil
            let siblings = (object.siblings + [gone]).sorted { $0.dot < $1.dot }
            return Object(context: context, siblings: siblings)
        }
    }

    private mutating func loseVersions() {
        guard let key = history.acknowledged.last?.key else { return }
        for node in nodes where node.isUp {
            for (entry, object) in mirror.objects(at: node.index, in: node.engine)
            where entry.key == history.keys[key] {
                guard let emptied = Object(context: object.context, siblings: []) else { continue }
                var batch = WriteBatch()
                batch.put(entry, emptied.encoded())
                _ = try? node.engine.write(batch)
            }
        }
    }

    private mutating func forgetHint() {
        for node in nodes where node.isUp {
            guard let hint = node.engine.everything(in: .hints).first else { continue }
            var batch = WriteBatch()
            batch.delete(hint.key)
            _ = try? node.engine.write(batch)
            return
        }
    }
}
