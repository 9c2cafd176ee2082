// What each of a node's shards gets of what an operator grants the node.
internal import MartletReplication
internal import MartletStorage

extension ServerConfiguration {
    /// The configuration of one of `count` shards: budgets are divided, limits of single things are
    /// not, and no budget falls below what the largest single thing takes.
    func share(among count: Int) -> ServerConfiguration {
        if count == 1 { return self }
        var share = self
        share.readThreads = max(1, readThreads / count)
        share.scrubBytesPerSecond =
            scrubBytesPerSecond == 0 ? 0 : max(1, scrubBytesPerSecond / count)
        share.replication.requestLimit = max(1, replication.requestLimit / count)
        share.replication.hintLimitBytes = replication.hintLimitBytes / count
        share.replication.readByteLimit = max(
            replication.objectLimitBytes, replication.readByteLimit / count)
        share.storage = storage.share(among: count)
        return share
    }
}

extension StorageOptions {
    fileprivate func share(among count: Int) -> StorageOptions {
        var share = self
        share.pendingLimitBytes = max(batchLimitBytes, pendingLimitBytes / count)
        share.flushBytes = max(1 << 10, flushBytes / count)
        share.memtableLimitBytes = max(2 * share.flushBytes, memtableLimitBytes / count)
        share.blockCacheBytes = blockCacheBytes / count
        share.readLimit = max(1, readLimit / count)
        share.openTableLimit = max(1, openTableLimit / count)
        return share
    }
}
