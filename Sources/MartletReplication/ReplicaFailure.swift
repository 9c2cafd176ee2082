// Why the local replica does not do what it is asked, and what others are told of it.
internal import MartletWire

/// Why a step was not taken. Nothing has changed then: a step reads all it needs first.
enum ReplicaFailure: Error, Hashable {
    /// What it must read is not in memory.
    case notLoaded
    /// What it must read does not read back; the text says what.
    case damaged(String)
    /// It is refused for another reason.
    case refused(RequestError)

    /// What whoever asked for the step is told. One that cannot wait to be read finds the node
    /// overloaded.
    var reason: RequestError {
        switch self {
        case .notLoaded: .overloaded
        case .damaged(let text): .storage(text)
        case .refused(let error): error
        }
    }
}
