/// The role of a manager, as far as it can know without the store.
public enum LeaseState: Sendable, Equatable {
    /// Observes only.
    case standby
    /// Act, as long as the manager's own monotonic clock has not reached `until`.
    case active(FencingToken, until: Duration)
}

/// How asking the store for the lease ended.
public enum LeaseAnswer: Sendable, Equatable {
    /// A new term begins.
    case granted(FencingToken)
    /// Another manager has it.
    case held
    /// The present term lasts longer.
    case renewed
    /// The present term is over.
    case lost
    /// The store did not answer: the state is unknown.
    case silent
}

/// The decisions about the lease. Pure: the times are readings of the manager's own monotonic clock, which counts the
/// time that the machine or the process was suspended.
public struct LeaseRules: Sendable, Equatable {
    /// How long the lease lasts in the store after each renewal. A manager that dies is succeeded after this and the
    /// wait of ``standbyInterval`` at the latest.
    public var ttl: Duration
    /// By how much sooner a manager itself counts its lease as over: clocks drift, and a call that was checked just
    /// before still has to reach the engine.
    public var margin: Duration
    /// Time between two tries of a manager that stands by.
    public var standbyInterval: Duration

    /// Rules; the usual ones by default.
    public init(
        ttl: Duration = .seconds(10), margin: Duration = .seconds(2), standbyInterval: Duration = .seconds(1)
    ) {
        self.ttl = ttl
        self.margin = margin
        self.standbyInterval = standbyInterval
    }

    /// Time between two renewals: two of them may fail before the lease is over.
    public var renewalInterval: Duration { ttl / 3 }

    /// The state after an answer.
    ///
    /// - Parameters:
    ///   - askedAt: When the store was asked: its lease began no sooner than that.
    ///   - now: When the response arrived. A term that has run out meanwhile is over, whatever the response says.
    public func next(
        _ state: LeaseState, _ answer: LeaseAnswer, askedAt: Duration, now: Duration
    ) -> LeaseState {
        let until = askedAt + ttl - margin
        switch (state, answer) {
        case (_, .granted(let token)): return now < until ? .active(token, until: until) : .standby
        case (.standby, _), (_, .held), (_, .lost): return .standby
        case (.active(let token, let end), .renewed):
            return now < end ? .active(token, until: max(end, until)) : .standby
        case (.active(_, let end), .silent): return now < end ? state : .standby
        }
    }
}
