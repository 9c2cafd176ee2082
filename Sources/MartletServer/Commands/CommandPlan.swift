// What a command comes to, before anything of it is done: a value, made of the command's words
// alone, so that rights and limits can be checked in one place and planning be tested without a
// node.
//
//     words ── CommandSpec.plan ──► CommandPlan ── ClientSession.perform ──► requests, reply
internal import MartletBase
internal import MartletNode
internal import MartletRESP
internal import MartletRing
internal import MartletVersions
internal import MartletWire

/// What is to be done for a command.
enum CommandPlan: Hashable {
    /// One request; the reply tells its answer in this form.
    case request(ClientRequest, ReplyForm)
    /// A request for each key of these words, which hold keys, or keys and values in turn; one
    /// reply tells all answers.
    case gather(GatheredForm, ArraySlice<Bytes>)
    /// A reply that is known already.
    case reply(RESPValue)
    /// Something with the connection itself.
    case connection(ConnectionAct)
    /// A step of a transaction.
    case transaction(TransactionAct)
    /// Telling what the node knows of itself and of the ring.
    case show(NodeSight)
    /// Something for an operator.
    case operate(OperatorAct)

    /// Accepted, and nothing to be done.
    static let accepted = CommandPlan.reply(.simple("OK"))

    /// A read of `key` at the node's defaults.
    static func read(_ key: Bytes, as form: ReplyForm) -> CommandPlan {
        .request(ClientRequest(key: key, operation: .get(.plain)), form)
    }

    /// A write of `value` over what the coordinator knows, at the node's defaults.
    static func store(_ value: Bytes, at key: Bytes, expiry: WallTime? = nil) -> CommandPlan {
        let mutation = Mutation(content: .value(value), expiry: expiry, causality: .coordinator)
        return .request(ClientRequest(key: key, operation: .put(mutation, .plain)), .stored)
    }
}

/// What a connection is asked for.
enum ConnectionAct: Hashable {
    /// HELLO: from here on the protocol and the name, where they are given; tells about the node.
    case greet(RESPVersion?, name: Bytes?)
    /// CLIENT ID.
    case tellNumber
    /// CLIENT GETNAME.
    case tellName
    /// CLIENT INFO.
    case describe
    /// CLIENT SETNAME.
    case setName(Bytes)
    /// CLIENT SETINFO LIB-NAME.
    case setLibraryName(Bytes)
    /// CLIENT SETINFO LIB-VER.
    case setLibraryVersion(Bytes)
    /// RESET: the connection as it was when it was opened.
    case reset
    /// QUIT.
    case quit
    /// HTTP was spoken: the end at once, without a reply.
    case hangUp
}

/// A step of what stands between MULTI and EXEC.
enum TransactionAct: Hashable {
    /// MULTI.
    case begin
    /// EXEC.
    case execute
    /// DISCARD.
    case discard
}

/// What a node is asked to tell.
enum NodeSight: Hashable {
    /// INFO, of these sections, or of all when none is named.
    case information([String])
    /// DBSIZE.
    case databaseSize
    /// CLIENT LIST.
    case clients
    /// COMMAND INFO, of these names or of all.
    case commandShapes([Keyword]?)
    /// COMMAND DOCS, of these names or of all.
    case commandDocuments([Keyword]?)
    /// CLUSTER INFO.
    case clusterState
    /// CLUSTER MYID.
    case clusterName
    /// CLUSTER NODES.
    case clusterNodes
    /// CLUSTER SLOTS.
    case clusterSlots
    /// CLUSTER SHARDS.
    case clusterShards
    /// MARTLET.RING, with the homes of every partition or without.
    case ring(includesHomes: Bool)
    /// MARTLET.STATUS.
    case status
    /// MARTLET.KEY: where a key lives.
    case placement(of: Bytes)
    /// MARTLET.REPAIR STATUS.
    case repair
    /// MARTLET.EXPLAIN: what the node holds of a key.
    case holdings(of: Bytes)
    /// MARTLET.CLUSTER TRANSFERS.
    case transfers
}

/// What a node is asked to do for its operator.
enum OperatorAct: Hashable {
    /// MARTLET.CREATE; the counts are those of a standard cluster where they are not given.
    case create(memberCount: Int, replicaCount: Int?, partitionCount: PartitionCount?)
    /// MARTLET.FORGET a member by its name or identity.
    case forget(String)
    /// MARTLET.REPAIR of these partitions, or of all that the node is a home of.
    case compare([UInt16]?)
    /// MARTLET.CLUSTER: a change of the ring, or what one would come to.
    case ring(RingRequest)
    /// CLUSTER FORGET a member by the name that CLUSTER NODES has for it.
    case leaveOut(String)
}

// MARK: What a plan touches

/// What a plan does, and to which keys: all that rights and limits need to know of it.
struct CommandAccess {
    enum Effect: Hashable {
        /// Neither touches what is stored, nor changes the node.
        case nothing
        /// Shows what is stored.
        case reads
        /// Changes what is stored.
        case writes
        /// Changes the node or its cluster.
        case administers
    }

    var effect: Effect
    var keys: CommandKeys
}

/// The keys of a plan, in their order and as often as they were named; takes no memory of its own.
enum CommandKeys: RandomAccessCollection {
    case none
    case one(Bytes)
    /// The first of these words, and each that is a multiple of `step` behind it.
    case each(ArraySlice<Bytes>, step: Int)

    var startIndex: Int { 0 }

    var endIndex: Int {
        switch self {
        case .none: 0
        case .one: 1
        case .each(let words, let step): words.count / step
        }
    }

    subscript(index: Int) -> Bytes {
        switch self {
        case .one(let key) where index == 0: return key
        case .each(let words, let step) where indices.contains(index):
            return words[words.startIndex + index * step]
        case .none, .one, .each: fatalError("key \(index) of \(count)")
        }
    }
}

extension CommandPlan {
    /// What it does, and to which keys. O(1).
    @inline(__always)
    var access: CommandAccess {
        switch self {
        case .request(let request, let form):
            CommandAccess(effect: form.isOfWrite ? .writes : .reads, keys: .one(request.key))
        case .gather(let form, let words):
            CommandAccess(
                effect: form.isOfWrite ? .writes : .reads,
                keys: .each(words, step: form.wordsPerKey))
        case .show(.holdings(let key)): CommandAccess(effect: .reads, keys: .one(key))
        case .show(.databaseSize): CommandAccess(effect: .reads, keys: .none)
        case .operate: CommandAccess(effect: .administers, keys: .none)
        case .reply, .connection, .transaction, .show:
            CommandAccess(effect: .nothing, keys: .none)
        }
    }

    /// Whether it is performed between MULTI and EXEC as well.
    var isPerformedInTransaction: Bool {
        switch self {
        case .transaction, .connection(.reset), .connection(.quit), .connection(.hangUp): true
        case .request, .gather, .reply, .connection, .show, .operate: false
        }
    }
}
