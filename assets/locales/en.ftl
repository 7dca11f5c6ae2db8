tagline = knowledge distillation, in your browser
controls = Training
play = Play
pause = Pause
step-batch = One batch
step-epoch = One epoch
stop = Stop
    .help = Gives the training up. “Start over” trains it again.
reset = Start over
    .help = Trains the same experiment again from its first step, with the same seed.
new-seed = New seed
    .help = Other initial weights, another order of batches, other labelled examples.
undo = Undo
    .help = Takes the last change of the experiment back (Ctrl+Z).
redo = Redo
    .help = Makes the change again that was undone (Ctrl+Shift+Z or Ctrl+Y).
pace = Speed
    .help = Slows training down, to be watched. The result stays the same.
pace-full = Full speed
pace-steps = { $count ->
    [one] 1 batch/s
   *[other] { $count } batches/s
}
locked = The link locked this.
share = Share…
copy = Copy
copied = Copied
share-title = Share this experiment
share-link = Link
share-embed = To embed in a course page
share-qr = The link as a QR code
share-qr-long = The link is too long for a QR code that a phone could read.
share-options = Prepare the link for a class
choose-language = Language
choose-theme = Colours
choose-projector = Enlarged for a projector
choose-hide = Hide
choose-lock = Lock
choose-controls = Buttons
visitors-own = Each visitor's own
all-knobs = All
every-knob = Every knob
whole-panel = The whole panel
panel-lessons = Lessons
keyboard = Keyboard
key-space = Space
key-escape = Closes a help text or a dialog
single-keys = Single keys work while nothing has the focus
help-for = Help: { $knob }
help-range = Takes
help-default = By default
help-turn = A change
range-between = { $min } to { $max }
range-labels = { $min } to { $max }, or “all”
range-widths = at most { $layers } numbers from 1 to { $width }, with commas, or “linear”
range-classes = class numbers with commas, or “none”
turn-at-once = is applied at once
turn-students = trains the students again
turn-everyone = trains teacher and students again
turn-data = makes the data anew and trains everything again
turn-seeds = measures more seeds, or fewer
turn-nothing = trains nothing again
turn-device = trains everything again where another device takes over
dark = Dark
light = Light
dismiss = Dismiss
update-ready = A newer version of this page is ready. Reloading starts this experiment anew.
update-now = Reload
data-table = Data as a table

engine-loading = Fetching the engine: { $received }
engine-loading-of = Fetching the engine: { $received } of { $total }
engine-starting = Starting the engine
engine-failed = The engine cannot be started. Reload the page to try again.
idle = No experiment
finished = Finished
progress-teacher = Teacher, epoch { $epoch } of { $epochs }, seed { $run } of { $runs }
progress-students = Students, epoch { $epoch } of { $epochs }, seed { $run } of { $runs }
progress-paused = Paused at epoch { $epoch } of { $epochs }, seed { $run } of { $runs }
device-is-cpu = CPU
device-is-gpu = GPU
device-speed = { $device } · { $speed } examples/s
reason-cpu-asked = On the CPU, as asked for.
reason-no-webgpu = On the CPU: this browser has no WebGPU adapter.
reason-software = On the CPU: this browser's WebGPU is emulated in software, which is slower.
reason-no-timestamps = On the CPU: the graphics adapter lacks timestamp queries, which the GPU engine needs.
reason-too-small = On the CPU: these networks are too small to gain from the graphics card.
reason-gpu-failed = On the CPU: the GPU engine failed.
reason-gpu-asked = On the GPU, as asked for.
reason-gpu-faster = On the GPU: networks of this size are expected to gain from it.
self-test = Adapter: { $adapter }. A short training differed from the CPU's by { $error } of the largest weight.

actor-teacher = Teacher
actor-student = Student, distilled
actor-baseline = Student, alone
score-teacher = % of test examples right
score-student = % right, distilled
score-baseline = % right alone, same labels
parameters = Parameters
float-bytes = File at 32 bits
agreement = Says what the teacher says
calibration = Calibration error
    .help = How far confidence is from accuracy, on average: expected calibration error with 15 bins (Guo et al. 2017).
train-seconds = Trained here in
hint-teacher-alone = Without labels the student learns from the teacher alone; the network beside it has nothing to learn from.
hint-not-smaller = This student has { $student } parameters, its teacher { $teacher }: nothing is made smaller here.
hint-few-classes = The student sees examples of only { $left } of { $all } classes; the others it knows by hearsay, if at all.

data = Data
training-examples = { $count } to train on
student-labels = Labels for the student
transfer-examples = Distilled on
test-examples = Tested on
data-picture = Training examples in the plane, coloured by class
thumbnail = A training example: { $label }
thumbnail-labelled = A training example whose label the student may see: { $label }
drop-files = Drop the four IDX files here, plain or gzip. They stay on this machine.
choose-files = Choose files…
fetch-files = Fetch MNIST (11.6 MB)
files-read = Read { $train } examples to train on and { $test } to test on.
fetch-failed = The data could not be fetched: { $reason }. Choose files from your disk instead, or try again.
fashion-class = { $class ->
    [0] T-shirt
    [1] Trousers
    [2] Pullover
    [3] Dress
    [4] Coat
    [5] Sandal
    [6] Shirt
    [7] Sneaker
    [8] Bag
   *[9] Boot
}

soft-targets = Soft targets
soft-targets-sub = one test example, as the networks see it
soft-targets-empty = The teacher is still learning.
labelled-as = label { $label }
your-drawing = your drawing
chosen-place = the place you chose
training-example = training, label { $label }
back-to-test = Test examples
inspect-training = Show this training example among the soft targets
gallery-class = Show class
gallery-all = All
axis-linear = Linear
axis-log = Log
bars-axis = Axis of the bars
looks-like = Not labelled so, but to the { $actor } most like a
region-tools = What a click does
tool-ask = Ask
tool-ask-hint = Click a place to see what the networks say of it.
tool-add-hint = Click to add a labelled training point, drag yours to move it; the training begins anew.
region-packed = Packed, { $bits } bits
region-summary = { $name }: { $percent } % of test points right
regions-hint = Colour: the likeliest class at each place; paler: less sure, at T = { $temperature }. Dots: labels the student sees; diamonds: yours. By keyboard: arrows, Enter, Delete.
entropy = entropy { $bits } bit
previous-example = Previous example
next-example = Next example
test-example = A test example: { $label }
softmax-formula = The softmax with a temperature: exp of the logit over T, divided by the sum of all of them
bars-caption = The probability of each class, from the teacher and from the student, at temperature 1 and at the slider's
similarity = What looks like what
similarity-caption = Mean distribution of each class at T = { $temperature }, in percent: rows are labels, columns are answers
short-teacher = Teacher
short-student = Distilled
short-baseline = Alone
confusion = What is taken for what
confusion-caption = Test examples: rows are labels, columns are answers
right = right %
confusion-empty = Nothing has been measured yet.
confusion-cell = { $label } taken for { $answer }: { $count }
inspect-example = Show test example { $index } among the soft targets
confusion-difference = Difference
confusion-difference-caption = Distilled less alone: how many more (+) or fewer (−) test examples; rows are labels, columns are answers
confusion-difference-cell = { $label } taken for { $answer }: { $change } against the student alone, { $count } by the distilled one
right-change = right ±
bias = Bias of the left-out class
bias-overall = Test examples right
bias-omitted = Of what was left out
bias-words = It is added to the student's logit of every class it never saw, each time it answers: nothing is trained. The bias is no part of the link, nor of the packed file.
disagreements = Teacher and student disagree
disagreement = Test example { $index }, label { $label }: the teacher says { $teacher }, the student { $student }. Show it among the soft targets
of-examples = of { $count } test examples

draw = Try it yourself
draw-sub = draw a digit, ask the networks
draw-digits-only = Only digits can be drawn here. Choose a data set of digits to try it.
draw-pad = Paper to draw a digit on
draw-keys = Draw with mouse, pen or finger. Keys: arrows move, Space or Enter puts the pen down or lifts it, X erases the cell, Delete clears.
draw-where-up = Row { $row }, column { $column } of { $size }. Pen up.
draw-where-down = Row { $row }, column { $column } of { $size }. Pen down.
draw-undo = Undo stroke
draw-clear = Clear
draw-seen = What the networks see: { $side }×{ $side } pixels
draw-seen-words = Your drawing as the networks see it
draw-seen-empty = Empty: nothing is drawn
draw-empty = Draw a digit, and each network says what it sees.
draw-again = Show my drawing again
draw-probability = Probabilities are at T = 1. A dash means that a network has not answered yet.
draw-answers = What each network says of your drawing
draw-network = Network
draw-answer = Answer
draw-share = Probability
draw-classes = Probability of each class
draw-packed = Student, packed at { $bits } bits
draw-chart = { $name }: most likely { $class }, with { $share } %
draw-chart-empty = { $name }: no answer yet
draw-table = Probability of each class for your drawing at T = 1, in percent
draw-add-as = Add to the training data as
draw-add = Add
draw-stays = Your drawing and your own examples stay in this tab; they do not travel in the link.
own-count = { $count ->
    [0] No training examples of your own.
    [one] 1 training example of your own.
   *[other] { $count } training examples of your own.
}
own-remove-last = Remove the last
own-remove-last-of = Remove the last ({ $label })
own-remove-all = Remove all
own-restarts = Adding or removing an example restarts the training.

cost = What it costs
cost-sub = the student, packed
cost-empty = The student is still learning.
cost-chart = Accuracy against bytes of { $count } measured files, { $best } of them the best for their size. The chosen one, at { $bits } bits: { $bytes }, { $accuracy } %.
packed-file = Packed file
packed-accuracy = Accuracy
of-teacher = Of the teacher's bytes
cost-point = { $bits ->
    [one] 1 bit
   *[other] { $bits } bits
}: { $bytes }, { $accuracy } %
cost-teacher = { $actor }: { $bytes }, { $accuracy } %
cost-other = another run
pareto-key = The line joins the best for their size. Small dots: other runs, a click shows them. Square: the teacher.
column-bits = Bits
column-bytes = Bytes
column-best = Best
parts-chart = The packed file's { $bytes } and what they are spent on; above, their share of the { $float } at 32 bits
parts-caption = What the bytes of the packed file are spent on
part-weights = Weights
part-scales = Scales
part-biases = Biases
part-header = Header

packed = Inside the packed file
packed-sub = { $bits ->
    [one] 1 bit a weight
   *[other] { $bits } bits a weight
}
histogram = Weights
histogram-layer = Layer { $layer }: { $count } weights
histogram-before = as trained
histogram-after = as packed
histogram-chart = How many weights have which value, from −{ $reach } to { $reach }: as trained they fill { $before } bins, as packed { $after }; the file can hold { $levels } values
histogram-float = Heights grow with the square root of the count. Floating point has far more values than could be drawn, so no grid is.
histogram-tensor = Heights grow with the square root of the count. The ticks below are the { $levels } values that a weight can have in the file.
histogram-channel = Heights grow with the square root of the count. The ticks below are the { $levels } values that a weight of the first output unit can have; each unit has a scale of its own.
histogram-unknown = The weights of this file are not known.
column-from = From
column-to = To
flips = Answers that changed
flip-count = { $count } of { $all } test examples get another class than at 32 bits.
flip-lost = were right and are wrong
flip-gained = were wrong and are right
flip-other = were wrong and are wrong in another way
flip-example = Test example { $index }, label { $label }: { $before } at 32 bits, { $after } packed. Show it among the soft targets
flips-unknown = The answers of this file are not known.

curves = Learning curves
curve-accuracy = Accuracy
curve-loss = Loss
curve-quantity = What the chart shows
curve-parts = On which examples
curve-test = Test
    .help = On test examples, which no network learns from.
curve-train = Train
    .help = Thin dots. Accuracy: on the labelled examples that each network may see, at most a thousand of them. Loss: what each network minimises, the teacher's soft targets included.
curve-chart = { $quantity } over the epochs. Latest: { $values }.
curve-empty = Nothing has been measured yet.
curve-reading = Read all curves at an epoch
curve-latest = Latest
curve-told = { $name }: test { $test }, train { $train }
curve-table = { $quantity } of the first seed at each measured epoch
curve-epoch = Epoch
epochs = epoch { $count }
keep = Keep this run
    .help = Its curves stay on the chart, to compare the next runs with.
keep-none = There is no curve of a student yet.
keep-full = { $count } runs are kept already. Remove one first.
keep-defaults = Defaults
kept-runs = Kept runs: the distilled student's curve of each
kept-name = Name of this kept run
kept-score = distilled { $student }, alone { $baseline }
kept-restore = Go back to it
    .help = Makes this run's experiment the current one again.
kept-forget = Remove { $name }
teacher-knob = Teacher: { $knob }
student-knob = Student: { $knob }
downloads = Download…
download-svg = Chart as SVG
download-png = Chart as PNG
download-csv = Curves as CSV
download-json = Whole run as JSON
download-report = Print a report…
download-weights = Student's weights (safetensors)
download-no-student = There is no trained student of this page yet.
save-failed = The file could not be made: { $reason }. Try another format, or another browser.
report = Report of an experiment
report-knobs = What differs from the defaults
report-none = Every knob stands at its default.
report-knob = Knob
report-value = Here
report-default = Default
no-progress = No better than guessing: { $actors }. Raise the learning rate or the epochs, or widen the hidden layers.

verdict = Verdict
verdict-sub = paired test over the test set
verdict-empty = After all seeds it stands here whether distillation helped.
verdict-words = With { $labels } labels the distilled student is right on { $student } % of the test examples, the same network alone on { $baseline } %.
verdict-helps = Distillation helped.
verdict-no-difference = The test tells no difference.
verdict-hurts = Distillation hurt.
seeds = { $count ->
    [one] 1 seed
   *[other] { $count } seeds
}
recorded = Recorded beforehand with the same program. Your own run begins as soon as the engine is here.
recorded-mark = Recorded
touched = A knob was turned while the networks trained. “Start over” gives this experiment's own result.
verdict-own = { $count ->
    [one] 1 example of your own is among the training data. It is not in the link, so the link alone does not give this result again.
   *[other] { $count } examples of your own are among the training data. They are not in the link, so the link alone does not give this result again.
}

settings = All other settings
settings-training = Training
settings-student = Students and verdict
settings-machine = Seed and device
credit = Digits: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI, CC BY 4.0. Nothing leaves this page.

problem = { $key }={ $value }: { $reason }.
problem-used = { $used } is used.
problem-unknown = no knob has this name
problem-name = no panel, knob or control has this name
problem-number = this is not a number of the kind asked for
problem-range = outside the range from { $min } to { $max }
problem-choice = this is not one of { $words }
problem-widths = this is not a list of at most { $layers } hidden widths from 1 to { $width }
problem-classes = this is not a list of class numbers
problem-omit = these classes cannot be left out of this data set
problem-twice = given twice; the first one counts
problem-newer = the link was made by a newer Retort than version { $known }; what is known of it is used
trouble-diverged = { $actor }: the loss is no number any more at step { $step }. Lower the learning rate (now { $rate }) and start over.
halve = Halve the learning rate
trouble-files-needed = { $data } needs its four files: drop or choose them in the data panel.
trouble-bad-file = { $name } { $reason }. Nothing else was changed.
trouble-nothing = The student has nothing to learn from: give it labels, or a soft weight above 0 and something to be distilled on.
trouble-engine = The engine stopped: { $reason }
restarted = The engine stopped ({ $reason }). It was started again on the CPU with the same experiment.

knob-data = Data set
    .help = Where the examples come from.
data-digits8 = Digits, 8×8
data-strokes = Drawn digits, 28×28
data-spirals = Spirals
data-moons = Moons
data-rings = Rings
data-blobs = Blobs
data-mnist = MNIST
data-fashion = Fashion-MNIST
knob-examples = Examples
    .help = How many training examples are drawn.
knob-classes = Classes
    .help = How many classes the points have.
knob-noise = Noise
    .help = How far points stray from their shape, as a standard deviation.
knob-seed = Seed
    .help = Decides all randomness: the same seed gives the same curves.
knob-teacher = Hidden widths
    .help = Units of the teacher's hidden layers, such as 128,128; “linear” for none.
knob-teacher-epochs = Teacher's epochs
    .help = How often the teacher sees every training example.
knob-batch = Batch size
    .help = Examples of one training step.
knob-learning-rate = Learning rate
    .help = How far a step goes. Too high, and the loss becomes no number.
knob-optimizer = Optimizer
    .help = The rule that turns gradients into steps.
optimizer-sgd = SGD, momentum 0.9
optimizer-adam = Adam
optimizer-adamw = AdamW
knob-schedule = Schedule
    .help = How the learning rate changes over a training.
schedule-constant = Constant
schedule-cosine = Cosine
schedule-step = Steps
knob-weight-decay = Weight decay
    .help = How strongly weights are pulled to zero.
knob-dropout = Dropout
    .help = Share of the teacher's hidden units that are silent in a training step.
knob-jitter = Jitter
    .help = Training images are moved by up to this many pixels each way.
knob-student = Hidden widths
    .help = Units of the student's hidden layers. The network alone has the same.
knob-student-epochs = Students' epochs
    .help = One epoch is as many steps as one pass over the whole training set, however few labels there are.
knob-labels = Labels
    .help = How many labelled examples the student may see, balanced by class: a number, or “all”. The teacher saw all.
knob-transfer = Distilled on
    .help = The examples on which the student imitates the teacher.
transfer-labelled = Labelled examples
transfer-all = All, labels hidden
transfer-noise = Noise
knob-omit = Left out
    .help = Classes that the student never sees, such as 3,8; “none” for none. The teacher saw them.
knob-temperature = Temperature
    .help = Softens the teacher's answers: the higher, the more the small probabilities count.
knob-soft = Soft weight
    .help = Weight of the teacher's soft targets; the labels get the rest.
knob-t2 = Scale by T²
    .help = Keeps the soft targets' weight the same at every temperature, since their gradient shrinks with 1/T².
t2-on = On
t2-off = Off
knob-bits = Bits of a weight
    .help = The student's weights are packed at this width, read back and measured.
bits-32 = 32
bits-16 = 16
bits-8 = 8
bits-4 = 4
bits-3 = 3
bits-2 = 2
bits-1 = 1
knob-granularity = Scales
    .help = How many weights share a scale.
granularity-tensor = One a matrix
granularity-channel = One an output unit
knob-runs = Seeds
    .help = How many times everything is trained, each with its own seed, before the verdict.
knob-device = Device
    .help = Where the networks are trained.
device-auto = Automatic
device-cpu = CPU
device-gpu = GPU
