// The wire form of a specification: the body of `POST /containers/create`.

/// An empty object, `{}`, as the engine wants it for the values of sets.
private struct EmptyObject: Encodable {}

extension ContainerConfig: Encodable {
    enum CodingKeys: String, CodingKey {
        case image = "Image"
        case command = "Cmd"
        case entrypoint = "Entrypoint"
        case environment = "Env"
        case labels = "Labels"
        case exposedPorts = "ExposedPorts"
        case user = "User"
        case workingDirectory = "WorkingDir"
        case hostname = "Hostname"
        case healthcheck = "Healthcheck"
        case stopSignal = "StopSignal"
        case stopTimeout = "StopTimeout"
        case terminal = "Tty"
        case host = "HostConfig"
        case networking = "NetworkingConfig"
    }

    private struct Networking: Encodable {
        let endpoints: [String: EndpointSpec]
        enum CodingKeys: String, CodingKey { case endpoints = "EndpointsConfig" }
    }

    /// Writes the body of the call; the name goes into the query.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(image, forKey: .image)
        try container.encodeIfPresent(command, forKey: .command)
        try container.encodeIfPresent(wireEntrypoint, forKey: .entrypoint)
        try container.encode(
            environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }, forKey: .environment)
        try container.encode(labels, forKey: .labels)
        let ports = exposedPorts + host.portBindings.map(\.containerPort)
        try container.encode(
            Dictionary(ports.map { ($0.description, EmptyObject()) }) { first, _ in first }, forKey: .exposedPorts)
        try container.encodeIfPresent(user, forKey: .user)
        try container.encodeIfPresent(workingDirectory, forKey: .workingDirectory)
        try container.encodeIfPresent(hostname, forKey: .hostname)
        try container.encodeIfPresent(healthcheck, forKey: .healthcheck)
        try container.encodeIfPresent(stopSignal, forKey: .stopSignal)
        try container.encodeIfPresent(stopTimeoutSeconds, forKey: .stopTimeout)
        // Without a terminal the engine keeps standard output and standard error apart.
        try container.encode(false, forKey: .terminal)
        let mode = host.isOffline ? "none" : endpoints.first?.network
        try container.encode(HostConfiguration(spec: host, networkMode: mode), forKey: .host)
        if !endpoints.isEmpty {
            let byNetwork = Dictionary(endpoints.map { ($0.network, $0) }) { first, _ in first }
            try container.encode(Networking(endpoints: byNetwork), forKey: .networking)
        }
    }

    /// The engine's documented way to say "none" is a list of one empty string.
    private var wireEntrypoint: [String]? {
        entrypoint.map { $0.isEmpty ? [""] : $0 }
    }
}

extension Healthcheck: Encodable {
    enum CodingKeys: String, CodingKey {
        case test = "Test"
        case interval = "Interval"
        case timeout = "Timeout"
        case startPeriod = "StartPeriod"
        case retries = "Retries"
    }

    /// Writes the engine's form, with times in nanoseconds.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .disabled:
            try container.encode(["NONE"], forKey: .test)
        case .command(let test, let interval, let timeout, let startPeriod, let retries):
            try container.encode(test, forKey: .test)
            try container.encodeIfPresent(interval?.wholeNanoseconds, forKey: .interval)
            try container.encodeIfPresent(timeout?.wholeNanoseconds, forKey: .timeout)
            try container.encodeIfPresent(startPeriod?.wholeNanoseconds, forKey: .startPeriod)
            try container.encodeIfPresent(retries, forKey: .retries)
        }
    }
}

extension EndpointSpec: Encodable {
    private struct Addresses: Encodable {
        let ipv4: String
        enum CodingKeys: String, CodingKey { case ipv4 = "IPv4Address" }
    }

    enum CodingKeys: String, CodingKey {
        case aliases = "Aliases"
        case addresses = "IPAMConfig"
    }

    /// Writes the endpoint's settings; the network's name is the key under which they stand.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        if !aliases.isEmpty { try container.encode(aliases, forKey: .aliases) }
        try container.encodeIfPresent(ipv4Address.map { Addresses(ipv4: $0) }, forKey: .addresses)
    }
}

extension Duration {
    /// Nanoseconds, cut off below one, and at what the engine's numbers hold: 292 years.
    var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, isTooLong) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflows) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        guard isTooLong || overflows else { return sum }
        return seconds < 0 ? .min : .max
    }
}
