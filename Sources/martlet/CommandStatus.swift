// What scripts learn from a command that has ended.
internal import MartletClient
internal import MartletServer

/// The status that the process exits with.
enum CommandStatus: Int32, Error, Hashable, Sendable {
    /// The key or thing asked for is not there, or the command failed.
    case failed = 1
    /// The command line or a configuration is wrong.
    case usage = 2
    /// No node answers, or too few replicas do; trying again later may help.
    case unavailable = 3

    /// The status for an error of the client.
    init(_ error: MartletError) {
        switch error.code {
        case .notConnected, .connectionLost, .timedOut, .noCluster, .noQuorum, .deadlinePassed,
            .overloaded, .storage:
            self = .unavailable
        case .invalidEndpoint, .invalidRequest: self = .usage
        default: self = .failed
        }
    }

    /// The status for a data directory that cannot be looked at.
    init(_ error: StorageDirectoryError) {
        self = error.mayPass ? .unavailable : error.isUsage ? .usage : .failed
    }

    /// The status for a data directory whose shards cannot be changed.
    init(_ error: ShardChangeError) {
        self = error.mayPass ? .unavailable : error.isUsage ? .usage : .failed
    }
}

/// A command that cannot go on, in the command's own words.
struct CommandFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the process exits with.
    var status: CommandStatus
    /// What happened, and what to do.
    var description: String

    /// The failure that `description` tells.
    init(_ description: String, status: CommandStatus = .failed) {
        self.status = status
        self.description = description
    }
}
