// What Redis has and Martlet has not: why, and what to use instead. The texts begin as Redis's for
// an unknown command, since programs look for that.
internal import MartletBase
internal import MartletRESP

/// Commands of Redis that are refused for the same reason.
struct RefusedCommands: Sendable {
    /// In lower case, blank between.
    let names: String
    /// Why, and what to use instead: follows a colon.
    let reason: String

    /// Why the command is refused that a client called `name`; nil for one that Redis has not
    /// either.
    static func reason(for name: Keyword) -> String? { reasons[name] }

    private static let reasons: [Keyword: String] = {
        var reasons: [Keyword: String] = [:]
        for group in all {
            for name in group.names.split(separator: " ") {
                let known = reasons.updateValue(group.reason, forKey: Keyword(Bytes(name.utf8)))
                invariant(known == nil, "\(name) is refused twice")
            }
        }
        return reasons
    }()

    /// All of them, by reason.
    static let all: [RefusedCommands] = values + types + server

    private static let values = [
        RefusedCommands(
            names: "expire pexpire expireat pexpireat persist getex",
            reason: "an expiry belongs to the version that it was written with; write the value "
                + "again with SET key value EX seconds, or without EX to keep it for good"),
        RefusedCommands(
            names: "expiretime pexpiretime",
            reason: "ask how long the value still lives with PTTL"),
        RefusedCommands(
            names: "incr incrby incrbyfloat decr decrby append setrange setbit bitfield bitop "
                + "getset getdel setnx msetnx rename renamenx copy",
            reason: "it changes what it has read, and replicas take writes without agreeing on an "
                + "order first, so changes would be lost; read with MARTLET.GET, and write with "
                + "MARTLET.PUT and the context of that: concurrent changes stay side by side, to "
                + "be merged by you"),
        RefusedCommands(
            names: "getrange substr getbit bitcount bitpos bitfield_ro lcs",
            reason: "read the whole value with GET"),
        RefusedCommands(names: "touch", reason: "reads touch nothing; EXISTS counts the keys"),
        RefusedCommands(
            names: "keys scan randomkey",
            reason: "no node knows the keys of the cluster; keep the names that you need to list "
                + "in a value, or look at a stopped node with 'martlet storage dump'"),
        RefusedCommands(
            names: "flushall flushdb",
            reason: "nothing deletes everything at once; DEL the keys, or begin with empty data "
                + "directories on all nodes"),
        RefusedCommands(names: "move swapdb", reason: "there is one database, 0"),
        RefusedCommands(
            names: "dump restore restore-asking migrate object sort sort_ro",
            reason: "a value is the bytes that were written: GET reads them, SET writes them"),
    ]

    private static let types = [
        RefusedCommands(
            names: "hset hget hmset hmget hgetall hdel hexists hincrby hincrbyfloat hkeys hlen "
                + "hrandfield hscan hsetnx hstrlen hvals hexpire hpexpire httl hpttl hpersist "
                + "lpush rpush lpushx rpushx lpop rpop lrange llen lindex linsert lrem lset ltrim "
                + "lpos lmove lmpop rpoplpush blpop brpop blmove blmpop brpoplpush sadd srem scard "
                + "smembers sismember smismember smove spop srandmember sscan sdiff sdiffstore "
                + "sinter sintercard sinterstore sunion sunionstore zadd zrem zcard zcount "
                + "zincrby zscore zmscore zrange zrangestore zrangebyscore zrangebylex zrank "
                + "zrevrange zrevrangebyscore zrevrangebylex zrevrank zremrangebyrank "
                + "zremrangebyscore zremrangebylex zlexcount zpopmin zpopmax bzpopmin bzpopmax "
                + "zmpop bzmpop zrandmember zscan zdiff zdiffstore zinter zintercard zinterstore "
                + "zunion zunionstore geoadd geodist geohash geopos geosearch geosearchstore "
                + "georadius pfadd pfcount pfmerge",
            reason: "a value is a string, and types that merge are not here yet; keep the "
                + "collection as one value, and merge its siblings with MARTLET.GET and "
                + "MARTLET.PUT, or keep a key for each member"),
        RefusedCommands(
            names: "subscribe psubscribe ssubscribe unsubscribe punsubscribe sunsubscribe publish "
                + "spublish pubsub xadd xrange xrevrange xread xreadgroup xlen xdel xtrim xack "
                + "xclaim xautoclaim xpending xgroup xinfo xsetid",
            reason: "nodes pass no messages between clients; use a message broker beside this "
                + "store"),
        RefusedCommands(
            names: "eval evalsha eval_ro evalsha_ro script fcall fcall_ro function",
            reason: "nodes run no scripts; do it in the client: read with MARTLET.GET, and write "
                + "with MARTLET.PUT and its context"),
    ]

    private static let server = [
        RefusedCommands(
            names: "wait waitaof",
            reason: "a write says itself how many replicas must have it, and have it on disk, "
                + "before it is answered: MARTLET.PUT with W and DW, or replication.w and dw of "
                + "the configuration"),
        RefusedCommands(
            names: "replicaof slaveof failover role sync psync replconf",
            reason: "no node leads and none follows; 'martlet ring' shows who holds what"),
        RefusedCommands(
            names: "save bgsave bgrewriteaof lastsave",
            reason: "every write is in the log before it is answered; dw says on how many disks"),
        RefusedCommands(
            names: "shutdown", reason: "send the node's process SIGTERM, it stops cleanly"),
        RefusedCommands(
            names: "acl", reason: "nodes have no users yet; keep them on a network of your own"),
        RefusedCommands(
            names: "monitor slowlog latency memory debug module lolwut time",
            reason: "INFO and MARTLET.STATUS have what a node tells of itself"),
    ]
}
