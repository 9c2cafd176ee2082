// What a request's knobs come to for one key: plain numbers, checked against each other and
// against the ring once, so that nothing behind has to.
internal import MartletWire

/// How many replicas a read needs.
struct ReadRequirement: Hashable {
    /// Home replicas that take part.
    var n: Int
    /// Replicas that must answer; at least `pr`.
    var r: Int
    /// Home replicas that must answer.
    var pr: Int

    /// Resolves `options` over the defaults for a key with `homeCount` home replicas.
    init(
        _ options: ReadOptions, defaults: ReplicationOptions, homeCount: Int
    ) throws(RequestError) {
        n = try resolveReplicas(options.n, homeCount: homeCount)
        pr = try resolve("pr", options.pr, default: defaults.pr, n: n, least: 0)
        r = max(try resolve("r", options.r, default: defaults.r, n: n, least: 1), pr)
    }
}

/// How many replicas a write needs.
struct WriteRequirement: Hashable {
    /// Home replicas that take part.
    var n: Int
    /// Replicas that must hold it; at least `pw` and `dw`.
    var w: Int
    /// Home replicas that must hold it.
    var pw: Int
    /// Replicas that must have synced it.
    var dw: Int

    /// Resolves `options` over the defaults for a key with `homeCount` home replicas.
    /// What is asked for beyond the homes that there are is refused, or cut to all of them.
    init(
        _ options: WriteOptions, defaults: ReplicationOptions, homeCount: Int,
        cutsToFit: Bool = false
    ) throws(RequestError) {
        let asked = cutsToFit ? options.cut(to: homeCount) : options
        n = try resolveReplicas(asked.n, homeCount: homeCount)
        pw = try resolve("pw", asked.pw, default: defaults.pw, n: n, least: 0)
        dw = try resolve("dw", asked.dw, default: defaults.dw, n: n, least: 0)
        w = max(try resolve("w", asked.w, default: defaults.w, n: n, least: 1), pw, dw)
    }
}

extension WriteOptions {
    /// Asks for no more than `count` replicas.
    fileprivate func cut(to count: Int) -> WriteOptions {
        var options = self
        options.n = n.map { min($0, count) }
        let most = options.n ?? count
        options.w = w?.cut(to: most)
        options.pw = pw?.cut(to: most)
        options.dw = dw?.cut(to: most)
        return options
    }
}

extension Quorum {
    fileprivate func cut(to most: Int) -> Quorum {
        if case .count(let count) = self { .count(min(count, most)) } else { self }
    }
}

private func resolveReplicas(_ n: Int?, homeCount: Int) throws(RequestError) -> Int {
    guard let n else { return homeCount }
    guard n >= 1, n <= homeCount else {
        throw .invalidOptions("n is \(n), must be 1 to \(homeCount), the home replicas of a key")
    }
    return n
}

/// A default is cut to what the ring has; what a client asks for is never weakened silently.
private func resolve(
    _ name: String, _ asked: Quorum?, default standard: Quorum, n: Int, least: Int
) throws(RequestError) -> Int {
    guard let asked else { return min(max(standard.resolved(among: n), least), n) }
    let count = asked.resolved(among: n)
    guard count >= least, count <= n else {
        throw .invalidOptions("\(name) is \(count), must be \(least) to \(n), the n of the request")
    }
    return count
}
