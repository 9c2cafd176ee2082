// What the demo tells its user once the ring is whole. No IO.
internal import MartletLocal

/// Texts of the demo.
enum DemoText {
    /// How to talk to the nodes, what to try, and how to stop.
    static func welcome(_ plan: LocalPlan, pids: [Int32?]) -> [String] {
        let first = plan.nodes[0]
        let victim = plan.nodes[min(1, plan.nodes.count - 1)]
        let last = plan.nodes[plan.nodes.count - 1]
        let martlet = CommandLine.arguments.first ?? "martlet"
        let isStandard = first.clientPort == 7400
        let at = isStandard ? "" : " --node \(first.endpoint)"
        let directory = plan.directory == Demo.standardDirectory ? "" : " --dir \(plan.directory)"
        let place = min(1, plan.nodes.count - 1)
        let pid = pids.indices.contains(place) ? pids[place] : nil
        let rows = [
            ("write", "redis-cli -p \(first.clientPort) set greeting hello"),
            ("read elsewhere", "redis-cli -p \(last.clientPort) get greeting"),
            ("see the ring", "\(martlet) ring\(at)"),
            ("where a key lives", "\(martlet) ring --key greeting\(at)"),
            ("who answered", "\(martlet) get greeting\(at)"),
            ("kill a node", "kill -9 \(pid ?? 0)   (\(victim.name); it comes back after 10 s)"),
            ("bring it back now", "\(martlet) demo --restart \(victim.number)\(directory)"),
            ("have one more join", "\(martlet) demo --add\(directory)"),
            ("have one leave", "\(martlet) demo --remove \(victim.number)\(directory)"),
            ("stop", "Ctrl-C; the data stays in \(plan.directory)"),
        ]
        let count = counted(plan.nodes.count, "node")
        return [
            "",
            "The ring is whole: \(count), \(counted(plan.replicaCount, "replica")) of each key.",
        ]
            + Columns.lines(rows.map { ("  \($0.0)", $0.1) })
    }
}
