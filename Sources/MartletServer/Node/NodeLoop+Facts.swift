// Facts about the process, for INFO and the status view: names with their unit, as Redis has them
// where Redis does.
internal import Glibc
internal import MartletBase

extension NodeLoop {
    var processFacts: [(name: String, value: String)] {
        let dropped = linkOrder.reduce(0) { $0 + $1.droppedCount }
        let resident = ProcessMemory.residentBytes
        return [
            ("process_id", "\(getpid())"),
            ("longest_turn_ms", turn.lengths.longestText(at: now.instant)),
            ("turns_over_10_ms", "\(turn.lengths.longCount)"),
            ("uptime_in_seconds", "\(now.instant.since(startedAt).components.seconds)"),
            ("used_memory", "\(resident)"),
            ("used_memory_human", ProcessMemory.text(resident)),
            ("used_memory_rss", "\(resident)"),
            ("connected_clients", "\(clients.sessions.count)"),
            ("maxclients", "\(descriptors.clients)"),
            ("rejected_clients", "\(surplusClientCount)"),
            ("evicted_clients", "\(memory.evictionCount)"),
            ("connection_memory", "\(memory.byteCount)"),
            ("connection_memory_limit", "\(memory.limitBytes)"),
            ("open_links", "\(linkOrder.count { $0.isOpen })"),
            ("dropped_peer_messages", "\(dropped)"),
        ]
    }
}
