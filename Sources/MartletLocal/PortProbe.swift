// Whether ports can be had, asked before nodes are started that would fail on them.
package import Glibc

/// A look at local ports.
package enum PortProbe {
    /// Throws, naming each, when ports of `plan` are in use.
    package static func check(_ plan: LocalPlan) throws(LocalFailure) {
        let taken = taken(of: plan)
        guard let first = taken.first else { return }
        let names = taken.map { "\($0)" }.joined(separator: ", ")
        throw LocalFailure(
            "port\(taken.count == 1 ? "" : "s") \(names) of 127.0.0.1 in use: stop what uses "
                + "\(taken.count == 1 ? "it" : "them") (ss -tulpn | grep \(first) shows it), or "
                + "choose others with --base-port")
    }

    /// The ports of `plan` that are in use.
    package static func taken(of plan: LocalPlan) -> [UInt16] {
        var taken: [UInt16] = []
        for node in plan.nodes {
            if !isFree(node.clientPort) { taken.append(node.clientPort) }
            if !isFree(node.peerPort) || !isFree(node.peerPort, SOCK_DGRAM) {
                taken.append(node.peerPort)
            }
        }
        return taken
    }

    /// Whether nobody listens at `port`, or holds it.
    package static func isFree(_ port: UInt16, _ type: __socket_type = SOCK_STREAM) -> Bool {
        let descriptor = socket(AF_INET, CInt(type.rawValue) | O_CLOEXEC, 0)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        if type == SOCK_STREAM {
            // As the server does: a port whose last connections linger is free.
            var yes: CInt = 1
            unsafe setsockopt(
                descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { rebound in
                unsafe bind(descriptor, rebound, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
