%% The same in BEAM: one process casts N times to one gen_server, then one call proves them handled.
%% Prints, a round a line, the wall-clock and the CPU nanoseconds of the round.
-module(beam_cast).
-behaviour(gen_server).
-export([main/1, init/1, handle_call/3, handle_cast/2]).

init(Count) -> {ok, Count}.

handle_cast({add, By}, Count) -> {noreply, Count + By}.

handle_call(read, _From, Count) -> {reply, Count, Count}.

main([CastsText, RoundsText]) ->
    Casts = list_to_integer(CastsText),
    Rounds = list_to_integer(RoundsText),
    sample(Casts), %% warm-up, as the other side has one
    [print(sample(Casts)) || _ <- lists:seq(1, Rounds)],
    halt(0).

%% A fresh pair of processes each time, so that no round inherits the heap of the one before.
sample(Casts) ->
    Parent = self(),
    Ref = make_ref(),
    spawn_link(fun() -> Parent ! {Ref, measured(Casts)} end),
    receive {Ref, Result} -> Result end.

measured(Casts) ->
    {ok, Server} = gen_server:start_link(?MODULE, 0, []),
    Cpu = cpu_ns(),
    Start = erlang:monotonic_time(nanosecond),
    cast(Server, Casts),
    Casts = gen_server:call(Server, read, infinity),
    End = erlang:monotonic_time(nanosecond),
    Result = {End - Start, cpu_ns() - Cpu},
    gen_server:stop(Server),
    Result.

cast(_Server, 0) -> ok;
cast(Server, Left) ->
    gen_server:cast(Server, {add, 1}),
    cast(Server, Left - 1).

%% User and system time of the whole runtime (getrusage), which OTP gives in ms.
cpu_ns() ->
    {Total, _} = erlang:statistics(runtime),
    Total * 1000000.

print({Wall, Cpu}) -> io:format("~b ~b~n", [Wall, Cpu]).
