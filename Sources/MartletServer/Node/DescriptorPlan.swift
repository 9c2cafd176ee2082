// How a process divides its descriptors, so that no kind of connection can take what another needs:
// with clients at their limit, peers still link, the log still begins its next file, and tables are
// still read.
internal import Glibc

/// How many descriptors each may take at the most.
package struct DescriptorPlan: Hashable, Sendable {
    /// For everything of a shard but connections and tables: listeners, the loop's own, the log,
    /// the manifest, and what a compaction reads and writes.
    package static let ownReserve = 32
    /// The least that peers get where there are few.
    private static let leastPeers = 16
    /// What is taken for the limit where the system does not tell: the least that systems grant.
    private static let unknownLimit = 256

    /// Table files that are kept open.
    package var tables: Int
    /// Connections that peers have made.
    package var peers: Int
    /// Connections of clients.
    package var clients: Int

    /// The division of `limit` descriptors, where up to `openTables` are wanted for tables, and
    /// each of the `shards` may have a link each way with every one of `members` and one that it
    /// has given up. Clients get the rest, but no more than `connectionLimit`; at least one each in
    /// any case.
    package init(
        limit: Int, openTables: Int, members: Int, shards: Int = 1, connectionLimit: Int?
    ) {
        tables = max(shards, min(openTables, limit / 4))
        peers = max(Self.leastPeers, min(2 * members * shards, limit / 4))
        let rest = max(1, limit - Self.ownReserve * shards - tables - peers)
        clients = min(connectionLimit ?? rest, rest)
    }

    /// Raises the process's limit to what the system grants it, and returns it.
    static func raiseLimit() -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return Self.unknownLimit
        }
        let granted = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        let raised = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
        return Int(clamping: raised ? limit.rlim_max : granted)
    }
}
