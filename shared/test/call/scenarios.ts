/** A call as a script of `sip-script.ts`, in the order of time. */
export interface ScriptedCall {
  readonly script: string
  /** State in the end, and what is not seen. */
  readonly state: string
  readonly evidence?: readonly string[]
}

/** One script for each thing that a call may go through. */
export const SCENARIOS = {
  basic: {
    state: 'ended',
    script: `
      0    a>p INVITE 1 b1 codecs=8,0
      1    p>a 100 INVITE 1 b1
      2    p>b INVITE 1 b2 codecs=8,0
      60   b>p 180 INVITE 1 b2
      61   p>a 180 INVITE 1 b1
      2000 b>p 200 INVITE 1 b2 codecs=8
      2001 p>a 200 INVITE 1 b1 codecs=8
      2010 a>p ACK 1 b3 to=y
      2011 p>b ACK 1 b4 to=y
      9000 b>p BYE 1 b5 from=y to=x
      9001 p>a BYE 1 b6 from=y to=x
      9010 a>p 200 BYE 1 b6 from=y to=x
      9011 p>b 200 BYE 1 b5 from=y to=x`,
  },
  auth: {
    state: 'ended',
    script: `
      0   a>b INVITE 1 b1
      5   b>a 407 INVITE 1 b1 to=q
      9   a>b ACK 1 b1 to=q
      20  a>b INVITE 2 b2
      70  b>a 180 INVITE 2 b2
      300 b>a 200 INVITE 2 b2
      310 a>b ACK 2 b3 to=y
      900 a>b BYE 3 b4 to=y
      910 b>a 200 BYE 3 b4`,
  },
  authLoop: {
    state: 'auth-failed',
    script: `
      0   a>b INVITE 1 b1
      5   b>a 401 INVITE 1 b1 to=q
      9   a>b ACK 1 b1 to=q
      20  a>b INVITE 2 b2
      25  b>a 401 INVITE 2 b2 to=r
      29  a>b ACK 2 b2 to=r
      40  a>b INVITE 3 b3
      45  b>a 401 INVITE 3 b3 to=s
      49  a>b ACK 3 b3 to=s`,
  },
  forked: {
    state: 'ended',
    script: `
      0   a>p INVITE 1 b1
      1   p>b INVITE 1 b2
      2   p>c INVITE 1 b3
      50  b>p 180 INVITE 1 b2 to=yb
      51  p>a 180 INVITE 1 b1 to=yb
      60  c>p 180 INVITE 1 b3 to=yc
      61  p>a 180 INVITE 1 b1 to=yc
      400 c>p 200 INVITE 1 b3 to=yc
      401 p>a 200 INVITE 1 b1 to=yc
      402 p>b CANCEL 1 b2
      405 b>p 200 CANCEL 1 b2 to=yb
      406 b>p 487 INVITE 1 b2 to=yb
      407 p>b ACK 1 b2 to=yb
      420 a>c ACK 1 b4 to=yc
      900 a>c BYE 2 b5 to=yc
      910 c>a 200 BYE 2 b5 to=yc`,
  },
  forkedBothAnswer: {
    state: 'in-call',
    script: `
      0   a>p INVITE 1 b1
      50  p>a 200 INVITE 1 b1 to=yb
      51  p>a 200 INVITE 1 b1 to=yc
      60  a>p ACK 1 b2 to=yb
      61  a>p ACK 1 b3 to=yc
      90  a>p BYE 2 b4 to=yc
      99  p>a 200 BYE 2 b4 to=yc`,
  },
  cancel: {
    state: 'cancelled',
    script: `
      0   a>b INVITE 1 b1
      50  b>a 180 INVITE 1 b1
      900 a>b CANCEL 1 b1
      905 b>a 200 CANCEL 1 b1
      906 b>a 487 INVITE 1 b1
      910 a>b ACK 1 b1 to=y`,
  },
  cancelCrossesAnswer: {
    state: 'ended',
    script: `
      0   a>b INVITE 1 b1
      50  b>a 180 INVITE 1 b1
      900 a>b CANCEL 1 b1
      901 b>a 200 INVITE 1 b1
      905 b>a 481 CANCEL 1 b1
      910 a>b ACK 1 b2 to=y
      915 a>b BYE 2 b3 to=y
      920 b>a 200 BYE 2 b3`,
  },
  busy: {
    state: 'busy',
    script: `
      0  a>p INVITE 1 b1
      2  p>b INVITE 1 b2
      50 b>p 486 INVITE 1 b2
      51 p>b ACK 1 b2 to=y
      52 p>a 486 INVITE 1 b1
      55 a>p ACK 1 b1 to=y`,
  },
  redirect: {
    state: 'ended',
    script: `
      0   a>p INVITE 1 b1
      10  p>a 302 INVITE 1 b1 to=q
      15  a>p ACK 1 b1 to=q
      30  a>c INVITE 2 b2
      90  c>a 180 INVITE 2 b2
      200 c>a 200 INVITE 2 b2
      210 a>c ACK 2 b3 to=y
      900 a>c BYE 3 b4 to=y
      910 c>a 200 BYE 3 b4`,
  },
  hold: {
    state: 'ended',
    script: `
      0    a>b INVITE 1 b1 codecs=8
      100  b>a 200 INVITE 1 b1 codecs=8
      110  a>b ACK 1 b2 to=y
      2000 b>a INVITE 1 c1 from=y to=x codecs=8 dir=sendonly
      2010 a>b 200 INVITE 1 c1 from=y to=x codecs=8 dir=recvonly
      2020 b>a ACK 1 c2 from=y to=x
      5000 a>b INVITE 2 b3 to=y codecs=8
      5010 b>a 488 INVITE 2 b3
      5015 a>b ACK 2 b3 to=y
      6000 a>b UPDATE 3 b4 to=y
      6010 b>a 501 UPDATE 3 b4
      9000 a>b BYE 4 b5 to=y
      9010 b>a 200 BYE 4 b5`,
  },
  transfer: {
    state: 'ended',
    script: `
      0    a>b INVITE 1 b1
      100  b>a 200 INVITE 1 b1
      110  a>b ACK 1 b2 to=y
      3000 b>a REFER 1 c1 from=y to=x
      3010 a>b 202 REFER 1 c1 from=y to=x
      3020 a>b NOTIFY 2 b3 to=y
      3030 b>a 200 NOTIFY 2 b3
      4000 a>b NOTIFY 3 b4 to=y
      4010 b>a 200 NOTIFY 3 b4
      4050 b>a BYE 2 c2 from=y to=x
      4060 a>b 200 BYE 2 c2 from=y to=x`,
  },
  lostAck: {
    state: 'ended',
    evidence: ['ack-not-seen'],
    script: `
      0    a>b INVITE 1 b1
      100  b>a 200 INVITE 1 b1
      600  b>a 200 INVITE 1 b1
      1600 b>a 200 INVITE 1 b1
      9000 b>a BYE 1 b2 from=y to=x
      9010 a>b 200 BYE 1 b2 from=y to=x`,
  },
  lostBye: {
    state: 'ended',
    evidence: ['bye-not-seen'],
    script: `
      0   a>b INVITE 1 b1
      100 b>a 200 INVITE 1 b1
      110 a>b ACK 1 b2 to=y
      900 b>a 200 BYE 2 b3`,
  },
  lostAnswer: {
    state: 'ended',
    evidence: ['answer-not-seen'],
    script: `
      0   a>b INVITE 1 b1
      50  b>a 180 INVITE 1 b1
      110 a>b ACK 1 b2 to=y
      900 a>b BYE 2 b3 to=y
      910 b>a 200 BYE 2 b3`,
  },
  startedBefore: {
    state: 'ended',
    evidence: ['started-before-capture', 'ack-not-seen'],
    script: `
      100 b>a 200 INVITE 1 b1
      900 a>b BYE 2 b3 to=y
      910 b>a 200 BYE 2 b3`,
  },
  retransmissions: {
    state: 'timeout',
    script: `
      0     a>b INVITE 1 b1
      500   a>b INVITE 1 b1
      1500  a>b INVITE 1 b1
      3500  a>b INVITE 1 b1
      7500  a>b INVITE 1 b1
      15500 a>b INVITE 1 b1
      32000 p>a 408 INVITE 1 b1`,
  },
  twoProbes: {
    state: 'ended',
    script: `
      0     a>p INVITE 1 b1 agent=1
      0.3   a>p INVITE 1 b1 agent=2
      500   a>p INVITE 1 b1 agent=1
      500.3 a>p INVITE 1 b1 agent=2
      600   p>a 200 INVITE 1 b1 agent=1
      600.4 p>a 200 INVITE 1 b1 agent=2
      610   a>p ACK 1 b2 to=y agent=1
      610.4 a>p ACK 1 b2 to=y agent=2
      900   a>p BYE 2 b3 to=y agent=1
      900.4 a>p BYE 2 b3 to=y agent=2
      910   p>a 200 BYE 2 b3 agent=1`,
  },
  b2bua: {
    state: 'ended',
    script: `
      0    a>p INVITE 1 b1 call=leg-a
      5    p>b INVITE 1 c1 call=leg-b from=f xcid=leg-a
      60   b>p 180 INVITE 1 c1 call=leg-b from=f to=g
      61   p>a 180 INVITE 1 b1 call=leg-a
      300  b>p 200 INVITE 1 c1 call=leg-b from=f to=g
      301  p>a 200 INVITE 1 b1 call=leg-a
      305  p>b ACK 1 c2 call=leg-b from=f to=g
      310  a>p ACK 1 b2 call=leg-a to=y
      900  a>p BYE 2 b3 call=leg-a to=y
      901  p>b BYE 2 c3 call=leg-b from=f to=g
      905  b>p 200 BYE 2 c3 call=leg-b from=f to=g
      906  p>a 200 BYE 2 b3 call=leg-a`,
  },
  ownTags: {
    state: 'ended',
    script: `
      0    a>p INVITE 1 b1
      1    p>b INVITE 101 b2 from=px
      60   b>p 180 INVITE 101 b2 from=px to=by
      61   p>a 180 INVITE 1 b1 to=py
      2000 b>p 200 INVITE 101 b2 from=px to=by
      2003 p>a 200 INVITE 1 b1 to=py
      2004 a>p ACK 1 b3 to=py
      2005 p>b ACK 101 b4 from=px to=by
      9000 b>p BYE 7 b5 from=by to=px
      9001 p>a BYE 8 b6 from=py to=x
      9005 a>p 200 BYE 8 b6 from=py to=x
      9006 p>b 200 BYE 7 b5 from=by to=px`,
  },
  register: {
    state: 'registered',
    script: `
      0    a>b REGISTER 1 b1 expires=60
      5    b>a 401 REGISTER 1 b1
      10   a>b REGISTER 2 b2 expires=60
      15   b>a 200 REGISTER 2 b2
      9000 a>b REGISTER 3 b3 expires=60
      9005 b>a 200 REGISTER 3 b3`,
  },
  registerLoop: {
    state: 'auth-failed',
    script: `
      0  a>b REGISTER 1 b1
      5  b>a 401 REGISTER 1 b1
      10 a>b REGISTER 2 b2
      15 b>a 401 REGISTER 2 b2
      20 a>b REGISTER 3 b3
      25 b>a 401 REGISTER 3 b3`,
  },
  subscribe: {
    state: 'ended',
    script: `
      0    a>b SUBSCRIBE 1 b1 expires=60
      5    b>a 200 SUBSCRIBE 1 b1
      10   b>a NOTIFY 1 c1 from=y to=x
      15   a>b 200 NOTIFY 1 c1 from=y to=x
      9000 a>b SUBSCRIBE 2 b2 to=y expires=0
      9005 b>a 200 SUBSCRIBE 2 b2`,
  },
  options: { state: 'answered', script: `\n0 a>b OPTIONS 1 b1\n5 b>a 200 OPTIONS 1 b1` },
  message: { state: 'failed', script: `\n0 a>b MESSAGE 1 b1\n5 b>a 500 MESSAGE 1 b1` },
} as const satisfies Record<string, ScriptedCall>
