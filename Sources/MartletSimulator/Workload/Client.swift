// One client: what it remembers and what it does next. How its requests fare is the world's.
internal import MartletBase
internal import MartletVersions
internal import MartletWire

/// A client, attached to a node until that is gone.
struct Client {
    /// What it last saw of a key: fresh at first, stale later.
    struct Memory {
        var context: Context
        var seen: [Dot]
    }

    /// One request to make.
    struct Plan {
        var key: Int
        var kind: Operation.Kind
        var memory: Memory?
        var needed: Quorum
        var neededSynced: Quorum
        var valueBytes: Int
        var neededHomes: Quorum?
        var homeCount: Int?
        /// How long what it writes lives; nil for ever.
        var lifetime: Duration?
        /// What it writes of a cart or counter.
        var tally: Tally?
    }

    let index: Int
    var node: Int
    var random: SeededRandom
    /// Draws whatever not every scenario asks for.
    var extras: SeededRandom
    let popularity: PopularityTable?
    /// Indexed by key.
    var memories: [Memory?]
    /// The cart or counter that it is about to change.
    var errand: Errand?
    /// As whom it raises counters: another one each time that it has vanished.
    var identity: Int
    /// For each counter, how often it was told that it has raised it.
    var raised: [Int: Int] = [:]
    /// A write to make again.
    var again: Plan?
    /// The request in flight.
    var outstanding: Int?
    /// Requests that it has set out to make.
    var acts = 0
    /// When the next one is due.
    var due = Instant.start

    /// One request in this many goes to the tenth of the keys that is hot.
    private static let hotShare = 0.3

    init(
        index: Int, node: Int, keyCount: Int, popularity: PopularityTable?, seed: UInt64
    ) {
        self.index = index
        self.node = node
        identity = index
        self.popularity = popularity
        random = SeededRandom(seed: seed, stream: "client \(index)")
        extras = SeededRandom(seed: seed, stream: "extras of client \(index)")
        memories = [Memory?](repeating: nil, count: keyCount)
    }

    /// Draws the next request; every draw is made whatever it is for, so that one does not shift
    /// the others.
    mutating func plan(_ settings: WorkloadSettings) -> Plan {
        let isHot = random.chance(Self.hotShare)
        let tenth = random.below(isHot ? max(1, settings.keyCount / 10) : settings.keyCount)
        let share = random.unit()
        let usesContext = random.chance(settings.contextShare)
        let width = settings.valueBytes.upperBound - settings.valueBytes.lowerBound
        let bytes = settings.valueBytes.lowerBound + random.below(width + 1)
        let w = settings.w[random.below(settings.w.count)]
        let dw = settings.dw[random.below(settings.dw.count)]
        let r = settings.r[random.below(settings.r.count)]
        let kind: Operation.Kind =
            share < settings.getShare
            ? .get : share < settings.getShare + settings.deleteShare ? .delete : .put
        let key = popularity?.draw(&extras) ?? tenth
        var plan = Plan(
            key: key, kind: kind, memory: usesContext ? memories[key] : nil,
            needed: kind == .get ? r : w, neededSynced: dw, valueBytes: bytes)
        if kind == .put, settings.expiringShare > 0, extras.chance(settings.expiringShare) {
            plan.lifetime = extras.duration(over: settings.lifetime)
        }
        drawHomes(settings, into: &plan)
        return plan
    }

    /// Whether the next thing to do is an errand, and which.
    mutating func drawErrand(_ settings: WorkloadSettings) -> Errand? {
        guard settings.cartShare + settings.counterShare > 0 else { return nil }
        let share = extras.unit()
        if share < settings.cartShare {
            let cart = extras.below(settings.cartCount)
            return Errand(subject: .cart, key: settings.keyCount + cart)
        }
        guard share < settings.cartShare + settings.counterShare else { return nil }
        let counter = extras.below(settings.counterCount)
        return Errand(subject: .counter, key: settings.keyCount + settings.cartCount + counter)
    }

    /// A request of an errand, under knobs drawn as for any other.
    mutating func plan(_ errand: Errand, _ settings: WorkloadSettings) -> Plan {
        var plan = Plan(
            key: errand.key, kind: .get, memory: nil,
            needed: settings.r[extras.below(settings.r.count)], neededSynced: .count(0),
            valueBytes: 0)
        if case .toWrite(let memory, _) = errand.stage {
            plan.kind = .put
            plan.memory = memory
            plan.needed = settings.w[extras.below(settings.w.count)]
            plan.neededSynced = settings.dw[extras.below(settings.dw.count)]
        }
        drawHomes(settings, into: &plan)
        return plan
    }

    /// The knobs that only some scenarios turn.
    mutating func drawHomes(_ settings: WorkloadSettings, into plan: inout Plan) {
        let homes = plan.kind == .get ? settings.pr : settings.pw
        if !homes.isEmpty { plan.neededHomes = homes[extras.below(homes.count)] }
        if !settings.n.isEmpty { plan.homeCount = settings.n[extras.below(settings.n.count)] }
    }

    /// Between two requests: the rate's interval, half more or less.
    mutating func pause(_ settings: WorkloadSettings) -> Duration {
        let interval = 1_000_000_000 / Int64(settings.rate)
        return random.duration(in: .nanoseconds(interval / 2) ... .nanoseconds(interval * 3 / 2))
    }
}
