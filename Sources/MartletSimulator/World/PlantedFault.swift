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
    /// A node takes a sibling that it never had for one that it has seen replaced.
    case dominatesUnseen
    /// Every node forgets a partition.
    case losesVersions
    /// Homes begin what was forwarded to them, however late it comes.
    case runsLateForwards
    /// A node says that it refused what it has done.
    case refusesWhatIsDone
    /// Plain reads show a version that has been replaced.
    case showsReplaced
    /// A node goes by its own clock when it removes what has expired.
    case removesByOwnClock
    /// A node answers a read as if the key had never been written.
    case answersEmpty
    /// A node takes a delete back.
    case undoesDelete
    /// A node lets a value live longer than its writer said.
    case extendsExpiry
    /// A node acknowledges what it throws away.
    case acknowledgesWithoutStoring
    /// Nodes take what is written for what is synced.
    case acknowledgesBeforeSync
    /// Nodes never sync at the end of an interval.
    case skipsIntervals
    /// A node forgets a hint that nobody has taken.
    case forgetsHint
    /// Homes acknowledge hints that they do not have on disk.
    case takesHintsBeforeSync
    /// Hints are lost on their way, for ever.
    case losesHints
    /// Nodes refuse writes for as long as others stay away.
    case waitsForOthers
    /// A node now and then answers nothing.
    case swallowsAnswer
    /// A crash takes the storage's manifest, synced as it is.
    case losesManifest
    /// A node's tables rot on a disk that counts as sound.
    case rotsUnseen
    /// A node rewrites its ring and keeps the epoch.
    case rewritesRing
    /// A node forgets its ring.
    case forgetsRing
    /// Nodes that are to be filled are sent nothing, and told that it is all.
    case fillsWithNothing
    /// Nodes keep it to themselves that they are filled.
    case keepsFillsSecret
    /// A node removes deleted keys by their age, whoever has yet to learn of the delete.
    case removesByAge
    /// A home prunes contexts of what others have yet to see.
    case prunesUnsettled
    /// Nodes do not say in which partitions they keep hints.
    case forgetsHintsInPromises
    /// A node now and then fails what it has done, as if too few homes were there.
    case failsAtWhim
    /// Nodes take no answers of others while some node is stopped.
    case waitsForStopped
    /// Nodes are not told that they have called in vain, until they let clients in.
    case hidesVainCalls
    /// Nodes call all others by one name.
    case confusesNames
    /// Nodes hand writes on again and again.
    case repeatsForwards
    /// Nodes wake all the time, for nothing.
    case neverRests
    /// Nobody calls a node that is back.
    case forgetsReturned
    /// Nodes promise to issue nothing up to a time that they have not written down.
    case promisesUnsynced
    /// Homes say that they have synced what they have just been sent.
    case tellsBeforeSync
    /// Homes say that all trees are equal to theirs.
    case saysEqual
    /// Nodes date writes before the time that they have promised to be done with.
    case datesBehindItsWord
    /// A home says that it holds what came too late for its client to hear of, and throws it away.
    case dropsLateWrites
    /// A node answers a read as if what nobody was told of had never been written.
    case answersOlder
    /// The ring puts all partitions at the same homes, one of them always the first.
    case crowdsHomes
    /// A node takes for settled whatever there is.
    case settlesUnproven
    /// A node forgets up to where its partitions are settled.
    case forgetsWatermarks
    /// A node that has lost its disk takes what is settled for settled there, and doubts nothing.
    case trustsEmptyDisk
    /// A node writes an object past the tree of its partition.
    case spoilsTree
    /// Clients take one sibling of a cart for all of it.
    case mergesCartsToOne
    /// Clients take one sibling of a counter for all of it.
    case mergesCountersToOne

    /// The promise that it breaks.
    package var breaks: Promise {
        switch self {
        case .inventsVersion: .nothingInvented
        case .reusesDot: .dotUniqueness
        case .revivesVersion, .dominatesUnseen, .trustsEmptyDisk: .clockFidelity
        case .runsLateForwards: .answeredIsOver
        case .refusesWhatIsDone: .refusedIsUndone
        case .showsReplaced: .plainWritesInOrder
        case .answersEmpty: .readsSeeWrites
        case .undoesDelete: .deletedStaysDeleted
        case .extendsExpiry: .expiryKept
        case .losesVersions: .acknowledgedWrites
        case .acknowledgesWithoutStoring: .honestEvidence
        case .acknowledgesBeforeSync, .skipsIntervals: .durableWrites
        case .forgetsHint, .takesHintsBeforeSync: .hintsConserved
        case .losesHints: .convergence
        case .waitsForOthers: .coreServes
        case .swallowsAnswer: .requestsAnswered
        case .losesManifest, .rotsUnseen: .storageOpens
        case .rewritesRing: .oneTopology
        case .forgetsRing: .epochsGrow
        case .fillsWithNothing: .changesLoseNothing
        case .keepsFillsSecret: .changesComplete
        case .removesByAge, .removesByOwnClock, .prunesUnsettled: .removalsSettled
        case .forgetsHintsInPromises, .promisesUnsynced, .tellsBeforeSync, .saysEqual,
            .datesBehindItsWord:
            .wordsTrue
        case .failsAtWhim, .hidesVainCalls: .availability
        case .confusesNames: .operatorsTold
        case .waitsForStopped: .hedged
        case .repeatsForwards, .neverRests: .boundedWork
        case .forgetsReturned: .foundAgain
        case .dropsLateWrites: .homesRemembered
        case .answersOlder: .readsShowHeld
        case .crowdsHomes: .placement
        case .settlesUnproven: .watermarksTrue
        case .forgetsWatermarks: .watermarksGrow
        case .spoilsTree: .treesTrue
        case .mergesCartsToOne: .cartsKeepItems
        case .mergesCountersToOne: .countersAddUp
        }
    }
}

extension World {
    private static let plantInterval = Duration.milliseconds(200)

    /// Lets the planted fault spoil what it can; it tries again until a promise is broken.
    mutating func plantActs() {
        guard isRestless, let planted else { return }
        switch planted {
        case .inventsVersion, .reusesDot, .revivesVersion, .undoesDelete, .extendsExpiry:
            spoilObject(planted)
        case .dominatesUnseen: takeForeignContext()
        case .losesVersions: loseVersions()
        case .forgetsHint: forgetHint()
        case .rewritesRing, .forgetsRing: spoilRing(planted)
        case .removesByAge: removeByAge()
        case .removesByOwnClock: removeByOwnClock()
        case .prunesUnsettled: pruneUnsettled()
        case .forgetsWatermarks: forgetWatermarks()
        case .spoilsTree: spoilTree()
        case .rotsUnseen: rotTables()
        case .settlesUnproven: settleUnproven()
        default: break
        }
        queue.schedule(.plantActs, at: now + Self.plantInterval)
    }

    /// Whether a planted fault makes a message vanish on arrival.
    mutating func swallows(_ message: PeerMessage, from: Int, at node: Int) -> Bool {
        guard let planted else { return false }
        if planted == .dropsLateWrites, node == 0 { return drops(message, from: from) }
        if planted == .waitsForStopped, pausedCount > 0 { return message.isOfReplica }
        guard case .replication(.put(let put)) = message else { return false }
        if planted == .losesHints { return put.purpose == .hint || put.purpose == .repair }
        guard planted == .acknowledgesWithoutStoring, put.purpose == .write, node == 0 else {
            return false
        }
        let reply = ReplicaPutReply(operation: put.operation, outcome: .stored)
        send(.replication(.putReplies([reply])), from: node, to: from)
        return true
    }
}
