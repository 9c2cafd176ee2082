// What settings must say together: each rule here is one that no single key can break.
internal import MartletBase
internal import MartletMembership
internal import MartletRESP
internal import MartletReplication
internal import MartletRing
internal import MartletStorage
internal import MartletWire

extension ServerConfiguration {
    func checkAcross(_ reader: inout ConfigurationReader) {
        checkEndpoints(&reader)
        checkQuorums(&reader)
        checkTimes(&reader)
        checkSizes(&reader)
    }

    private func checkEndpoints(_ reader: inout ConfigurationReader) {
        if clientEndpoint.isUnspecified {
            reader.contradiction(
                "clients.listen",
                "clients.listen is every address of this machine: clients.advertise must name the "
                    + "one to tell others")
        }
        if peerEndpoint.isUnspecified {
            reader.contradiction(
                "peers.listen",
                "peers.listen is every address of this machine: peers.advertise must name the one "
                    + "to tell others")
        }
        let overlap =
            clientListener.host == peerListener.host || clientListener.isUnspecified
            || peerListener.isUnspecified
        if overlap, clientListener.port == peerListener.port {
            reader.contradiction(
                "peers.listen",
                "peers.listen is \(peerListener), which clients.listen (\(clientListener)) takes: "
                    + "give peers another port")
        }
    }

    /// W is raised to PW and DW when a request is served, so a file that sets it lower does not
    /// mean what it says.
    private func checkQuorums(_ reader: inout ConfigurationReader) {
        let pairs = [
            ("r", replication.r, "pr", replication.pr),
            ("w", replication.w, "pw", replication.pw),
            ("w", replication.w, "dw", replication.dw),
        ]
        for (name, quorum, partName, part) in pairs where quorum.isBelow(part) {
            reader.contradiction(
                "replication.\(name)",
                "replication.\(name) is \(spelled(quorum)), below \(partName), \(spelled(part)), "
                    + "which it includes: raise \(name) or lower \(partName)")
        }
    }

    private func checkTimes(_ reader: inout ConfigurationReader) {
        let period = membership.protocolPeriod
        if membership.directTimeout >= period {
            reader.contradiction(
                "membership.direct_timeout",
                "membership.direct_timeout is \(spelled(membership.directTimeout)), must be below "
                    + "protocol_period, \(spelled(period))")
        }
        if membership.outreachInterval < period {
            reader.contradiction(
                "membership.outreach_interval",
                "membership.outreach_interval is \(spelled(membership.outreachInterval)), must be "
                    + "protocol_period, \(spelled(period)), or more")
        }
    }

    private func checkSizes(_ reader: inout ConfigurationReader) {
        // Each part must hold the larger one named behind it.
        let pairs = [
            (
                "clients.bulk_limit", resp.bulkByteLimit,
                "replication.value_limit", replication.valueLimitBytes
            ),
            (
                "clients.bulk_limit", resp.bulkByteLimit,
                "replication.key_limit", replication.keyLimitBytes
            ),
            (
                "clients.command_limit", resp.commandByteLimit,
                "clients.bulk_limit", resp.bulkByteLimit
            ),
            (
                "replication.object_limit", replication.objectLimitBytes,
                "replication.value_limit", replication.valueLimitBytes
            ),
            (
                "storage.batch_limit", storage.batchLimitBytes,
                "replication.object_limit", replication.objectLimitBytes
            ),
            (
                "storage.pending_limit", storage.pendingLimitBytes,
                "storage.batch_limit", storage.batchLimitBytes
            ),
            (
                "storage.memtable_limit", storage.memtableLimitBytes,
                "storage.flush_size (twice)", 2 * storage.flushBytes
            ),
        ]
        for (name, limit, partName, part) in pairs where limit < part {
            reader.contradiction(
                name,
                "\(name) is \(spelled(bytes: limit)), too small for \(partName), "
                    + "\(spelled(bytes: part))")
        }
    }
}

extension Endpoint {
    /// Whether the host stands for every address of the machine.
    fileprivate var isUnspecified: Bool { host == "0.0.0.0" || host == "::" }
}

extension Quorum {
    /// Whether it is less than `other` with any number of replicas from three on.
    fileprivate func isBelow(_ other: Quorum) -> Bool {
        (3...Topology.replicaCountLimit).allSatisfy {
            resolved(among: $0) < other.resolved(among: $0)
        }
    }
}
