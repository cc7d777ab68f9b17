// Package pytorch reads what torch.save writes: the zip files since PyTorch 1.6, and the
// streams of pickles before.
//
// A pickle is a program, and Python's reader runs whatever it names. This one runs nothing.
// It knows the few constructors that tensors, containers, numbers and the usual records of a
// training need (constructors.go), and refuses every other by its name.
//
// Any input is safe. Sizes are compared with the file before memory is taken; the number of
// values, the nesting and the bytes of a pickle are bounded; values that contain themselves
// do no harm, since nothing walks them without a limit. The values of tensors stay in the
// file until [Tensor.Read] reads them.
package pytorch
